module my-feed

go 1.24

require lawgate v0.0.0

replace lawgate => ./sdk
