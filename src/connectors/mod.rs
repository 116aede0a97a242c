//! The list of connectors. A system is one folder here and one line in [`drivers`];
//! no other folder names one.

pub mod procore;
