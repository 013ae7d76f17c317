"""Papers: texts and files for members only. Every copy carries a mark that leads to its reader."""
