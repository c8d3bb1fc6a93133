//! What the tokens are spent on, and plans that make room: pure over items with counts.
