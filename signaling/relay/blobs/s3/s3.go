// Package s3 keeps the bytes of attachments in a bucket of a server that
// speaks the S3 protocol. Of the protocol it uses PutObject, GetObject,
// DeleteObject and ListObjectsV2, signed with Signature Version 4, and one
// object for each chunk: the attachment's id, a slash, the chunk's number.
//
// The bucket has to be there, for this use alone, and without versions or a
// lock on objects, which would keep what was deleted. A rule of the bucket that
// deletes objects after a day more than attachments are kept is a good second
// line: Kinwire deletes them by itself.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Config says which bucket, and by which key.
type Config struct {
	Endpoint  string // http:// or https:// with host and port, and no more
	Bucket    string
	Region    string
	AccessKey string
	SecretKey string
	// PathStyle puts the bucket's name into the path, not before the host: for
	// servers that have one name for all buckets.
	PathStyle bool
	// Transport is how requests go out; nil is this package's own.
	Transport http.RoundTripper
}

// Bucket is one bucket.
type Bucket struct {
	client    *minio.Client
	transport http.RoundTripper
	bucket    string
}

const (
	// tries is how often a request goes out that the server or the network
	// failed; the person who waits for it tries again, too.
	tries = 3
	// answerWithin is how long the server may take to begin its answer.
	answerWithin = 30 * time.Second
)

// New makes a client. It does not connect; see [Bucket.Check]. Close it after
// use.
func New(cfg Config) (*Bucket, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		// Not repeated: somebody may have put a password into it.
		return nil, errors.New("s3: the endpoint must be http:// or https:// with a host and a port, and nothing after it")
	}
	for name, value := range map[string]string{"bucket": cfg.Bucket, "access key": cfg.AccessKey, "secret key": cfg.SecretKey} {
		if value == "" {
			return nil, fmt.Errorf("s3: the %s is empty", name)
		}
	}
	transport := cfg.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: answerWithin,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       time.Minute,
		}
	}
	lookup := minio.BucketLookupDNS
	if cfg.PathStyle {
		lookup = minio.BucketLookupPath
	}
	region := cfg.Region
	if region == "" {
		region = "us-east-1" // what servers without regions go by; and so that nobody asks for it
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: u.Scheme == "https", Transport: transport, Region: region, BucketLookup: lookup, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &Bucket{client: client, transport: transport, bucket: cfg.Bucket}, nil
}

// Close lets go of connections that nobody uses.
func (b *Bucket) Close() error {
	if t, ok := b.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Check fails if the bucket is not there or the key does not open it: for the
// start, so that a wrong setting does not wait for the first photo.
func (b *Bucket) Check(ctx context.Context) error {
	there, err := b.client.BucketExists(ctx, b.bucket)
	if err != nil {
		return fmt.Errorf("s3: look at bucket %q: %w", b.bucket, err)
	}
	if !there {
		return fmt.Errorf("s3: there is no bucket %q", b.bucket)
	}
	return nil
}

// key is a chunk's object.
func key(id string, n int64) string { return id + "/" + strconv.FormatInt(n, 10) }

// Put keeps a chunk. The server has it whole or not at all: it is one request,
// whose signature covers the SHA-256 of the bytes.
func (b *Bucket) Put(ctx context.Context, id string, n int64, chunk []byte) error {
	_, err := b.client.PutObject(ctx, b.bucket, key(id, n), bytes.NewReader(chunk), int64(len(chunk)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	if err != nil {
		return fmt.Errorf("s3: put a chunk: %w", err)
	}
	return nil
}

// Get returns a chunk; the error is [fs.ErrNotExist] if there is none.
func (b *Bucket) Get(ctx context.Context, id string, n int64) (chunk []byte, err error) {
	object, err := b.client.GetObject(ctx, b.bucket, key(id, n), minio.GetObjectOptions{})
	if err == nil {
		chunk, err = io.ReadAll(object)
		err = errors.Join(err, object.Close())
	}
	if refusal := (minio.ErrorResponse{}); errors.As(err, &refusal) && refusal.Code == minio.NoSuchKey {
		return nil, fmt.Errorf("s3: get a chunk: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("s3: get a chunk: %w", err)
	}
	return chunk, nil
}

// Delete deletes an attachment's objects one by one, which every server can.
func (b *Bucket) Delete(ctx context.Context, id string) error {
	for object, err := range b.list(ctx, minio.ListObjectsOptions{Prefix: id + "/", Recursive: true}) {
		if err != nil {
			return fmt.Errorf("s3: list the chunks of an attachment: %w", err)
		}
		if err := b.client.RemoveObject(ctx, b.bucket, object, minio.RemoveObjectOptions{}); err != nil {
			return fmt.Errorf("s3: delete a chunk: %w", err)
		}
	}
	return nil
}

// IDs lists the attachments of which there is an object: the server puts
// together what is the same up to the slash.
func (b *Bucket) IDs(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for object, err := range b.list(ctx, minio.ListObjectsOptions{}) {
			if err != nil {
				yield("", fmt.Errorf("s3: list attachments: %w", err))
				return
			}
			if id, folder := strings.CutSuffix(object, "/"); folder && !yield(id, nil) {
				return
			}
		}
	}
}

// list lists keys. The client's own list just ends where the context does, as
// if there were no more; this one ends with the error.
func (b *Bucket) list(ctx context.Context, opts minio.ListObjectsOptions) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		listing, cancel := context.WithCancel(ctx)
		defer cancel()
		for object := range b.client.ListObjectsIter(listing, b.bucket, opts) {
			if !yield(object.Key, object.Err) || object.Err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", err)
		}
	}
}
