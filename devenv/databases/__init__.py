"""Operations inside a database server, on any engine."""
