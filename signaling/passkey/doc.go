// Package passkey lets people sign in with a passkey (WebAuthn Level 3)
// instead of a password.
//
// # A ceremony
//
// Making a passkey and signing in with one both go the same way. Begin hands
// out a challenge, together with options that a browser understands
// (PublicKeyCredential.parseCreationOptionsFromJSON and
// parseRequestOptionsFromJSON), and a ticket. The authenticator signs the
// challenge, and the answer comes back with the ticket. What the server has to remember in
// between lies under the ticket in the store, so another node can finish what
// this one began. A ticket is good for one try within five minutes, whether the try
// succeeds or not.
//
// # What is asked of an authenticator
//
// The passkey is discoverable: nobody types a user name, because the
// authenticator knows whose it is. The user handle that it gives back is the person's id, which
// is random and says nothing. Verification of the user (a finger, a face, a
// PIN) is preferred but not required, because some parents have a plain
// security key and nothing else. Attestation is none: which make of
// authenticator a parent has is not Kinwire's business, so what a browser sends
// of it nevertheless is not kept.
//
// # What is checked
//
// All of sections 7.1 and 7.2 of WebAuthn by a library that follows them: origin, relying
// party, challenge, signature, presence of the user. The signature counter is
// Kinwire's to judge (section 6.1.1): one that does not go up means that two
// devices hold the same key, so the log-in is refused. Passkeys that are
// synchronised between devices always say 0, and are let through.
package passkey
