"""The noun receipt: the proof of one's own act, or of any event of the log one watches over."""
