package accounts

// Store is what accounts needs remembered, by the parts of this package that
// need it. A tokenHash is the SHA-256 of a session token in hex; of tickets the
// store keeps hashes only, and takes the tokens themselves.
type Store interface {
	PeopleStore
	SessionStore
	DeviceStore
	TicketStore
	PasswordStore
	ChildStore
	GuardianStore
	DemoStore
}
