//! Deliveries from the door to the books and back into the store, on time that passes only
//! while nobody has anything to do.

mod bench;
mod dispatching;
mod planning;
mod receiving;
