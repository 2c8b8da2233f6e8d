"""The roots of firms: which one seals a firm's keys, and what happens when it may not be used."""
