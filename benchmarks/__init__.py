"""What takes how long, against whom: verify that results are equal, then measure, then report."""
