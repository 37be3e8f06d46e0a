package lawgate

// The one thing that an adapter may ask of its host.

// LogLevel is how urgent a line of the log is.
type LogLevel uint32

// The levels, as the contract numbers them.
const (
	LogDebug LogLevel = iota
	LogInfo
	LogWarning
	LogError
)

// Log writes a line for the gateway's diagnostic log; lines are counted, and never evidence.
func Log(level LogLevel, text string) {
	hostLog(uint32(level), text)
}
