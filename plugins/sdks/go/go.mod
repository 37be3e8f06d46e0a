// The kit for adapters in Go. It needs no other module.
module lawgate

go 1.24
