//! ebRIM and ebRS on the wire and in the store, to and from the model.
