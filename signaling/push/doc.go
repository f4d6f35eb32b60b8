// Package push wakes up devices that are not connected, so that they connect
// and ring. It speaks to one webhook, behind which stands the operator's own
// push service (APNs, FCM, UnifiedPush …); what that service calls a device is
// its handle, and means nothing here.
//
// # What is sent
//
// One POST for each handle, with a body that names nobody and says nothing but
// that something rings or a message waits (kind message), and for how much
// longer a wake-up is worth anything:
//
//	{"id":"msg_…","kind":"call","handle":"…","ttl_ms":45000}
//
// It is signed by the scheme of Standard Webhooks (standardwebhooks.com):
// webhook-id and webhook-timestamp (seconds since the Unix epoch) name the
// message, webhook-signature is "v1," and, in base64, the HMAC-SHA256 over id,
// timestamp and body, joined by full stops. Every attempt has the id of the
// first, a timestamp of its own and the time that is left.
//
// # What becomes of it
//
//   - 2xx: done.
//   - 410 Gone: there is no such device any more; the handle is forgotten.
//   - 408, 425, 429, 5xx, no answer: tried again, after a pause that grows and
//     is randomised, or after Retry-After.
//   - anything else, redirects too, which are not followed: given up.
//
// A wake-up for a ring that is over is of no use, so after Config.TTL it is
// given up. The queue is bounded, a fixed number of workers empties it, and
// what does not fit is dropped and counted: a webhook that hangs holds up
// nobody's call.
package push
