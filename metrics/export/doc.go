// Package export hands the records of calls that have ended to others: as a
// signed POST to a webhook, and as a log record to an OpenTelemetry collector.
//
// An exporter makes one attempt and says what came of it. Waiting, repeating
// and giving up are the caller's: an *Error says whether another attempt can
// help, and for how long the far end asks to be left alone. The far end may
// get a record twice, for example when its answer was lost on the way; it can
// tell by the message's id, which is made of the call's and is the same in every
// attempt.
//
// # Webhook
//
// The scheme of Standard Webhooks (standardwebhooks.com): the header webhook-id
// names the message, webhook-timestamp is the time of the attempt in seconds
// since the Unix epoch, webhook-signature is "v1," and, in base64, the
// HMAC-SHA256 over id, timestamp and body joined by full stops. The body is
//
//	{"type":"call.ended","timestamp":"2026-03-01T18:01:01Z","data":{…the record…}}
//
// # OpenTelemetry
//
// One log record by OTLP/HTTP in protobuf, compressed with gzip, made by the
// OpenTelemetry SDK. Its event name is kinwire.call, its time the end of the
// call, its body the record as JSON text; what one searches by stands beside it
// as attributes (kinwire.call.id, kinwire.call.reason …).
//
// # What does not leave
//
// Nothing is sent that is not in the record: pseudonyms and masked addresses.
// Redirects are not followed, as they would take the record, and what the
// headers authenticate with, to an address that nobody has configured. Errors
// hold a status or a reason, never an address, a header or what the far end
// answered, as they end in a log.
package export
