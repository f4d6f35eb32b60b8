package datagram

// Add adds what another socket has done.
func (s *Stats) Add(o Stats) {
	s.Received += o.Received
	s.ReceivedBytes += o.ReceivedBytes
	s.ReadCalls += o.ReadCalls
	s.Trains += o.Trains
	s.Truncated += o.Truncated
	s.Sent += o.Sent
	s.SendCalls += o.SendCalls
	s.Runs += o.Runs
	s.Refused += o.Refused
	s.Delayed += o.Delayed
	s.Full += o.Full
	s.Unreachable += o.Unreachable
	s.TooLong += o.TooLong
	s.Closed += o.Closed
}
