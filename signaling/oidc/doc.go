// Package oidc lets parents sign in with an account that they have elsewhere:
// with any provider that speaks OpenID Connect and is named in the
// configuration.
//
// # The way of a log-in
//
// The browser goes to /v1/login/oidc/{provider}, from there to the provider,
// and comes back to …/callback with a code (authorization code flow of OpenID
// Connect Core 1.0, section 3.1, as RFC 9700 wants it). Kinwire exchanges the
// code for an ID token, finds or makes the account, and sends the browser to
// /#ticket=…. The ticket is good for one minute and once; the app exchanges it for
// a session. A session's own token is never in an address, where histories
// and logs would keep it; and what stands after # never leaves the browser.
//
// # What ties it together
//
//   - state and a cookie (HttpOnly, SameSite=Lax): both together are the key
//     under which the log-in was put down in the store. Who has only one of them
//     finds nothing, so nobody can be signed in to somebody else's account
//     by following a link, and the log-in cannot be used up by a stranger either.
//   - PKCE (RFC 7636): a code that was overheard is worth nothing.
//   - nonce: the ID token is the answer to this very log-in.
//   - iss (RFC 9207): the code comes from the provider that was asked.
//
// # Whose account it is
//
// The pair of provider and subject decides, once it is known: subjects never
// change, e-mail addresses do. The first time the e-mail address decides, and
// only if the provider says that it has verified it. Whoever configures a
// provider trusts it in this. An account that signs in
// there as another subject already is not given to the new one: providers hand
// out again the addresses of people who left.
//
// # A provider that is down
//
// Discovery happens when somebody wants to sign in, and again when it failed,
// so a provider that is away neither keeps the server from starting nor stays
// away for longer than it is.
package oidc
