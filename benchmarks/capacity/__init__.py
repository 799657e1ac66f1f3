"""From measured costs to hardware."""
