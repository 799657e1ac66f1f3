"""The servers that are compared. One file each tells how it is started, prepared and asked."""
