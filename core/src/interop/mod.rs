//! Transcripts of other agents, read and written.
