// C target of the hot loops.
