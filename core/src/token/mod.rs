//! Tokens: how many a text has, exactly or said not to be.
