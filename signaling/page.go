package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"

	"kinwire/signaling/proto"
)

// asked is a request to a page, after its access was checked.
type asked struct {
	person   proto.Person // who asks; nobody on a page for anyone or for operators
	token    string       // of that person's login
	operator string       // the name of the staff, on a page for operators
	roles    []string     // theirs
	from     netip.Prefix // the network that the request comes from

	id, other   string // from the path
	find, state string // from the query
	before      int64  // likewise
	calls       proto.CallFilter
	format      string // of an export

	raw       []byte // the body as it came
	signature string // the header Kinwire-Signature
}

// page carries out one row of proto.Endpoints. run is given a body that holds
// to the schema of in.
type page struct {
	in, out reflect.Type
	run     func(ctx context.Context, q *asked) (any, error)
}

// pages are pages by proto.Endpoint.Key.
type pages map[string]page

// part is the pages that one group of Deps serves. Where it is not there,
// they answer 404.
type part struct {
	there bool
	pages pages
}

// shows makes a page that takes nothing and answers something.
func shows[Out any](do func(ctx context.Context, q *asked) (Out, error)) page {
	return page{nil, reflect.TypeFor[Out](), func(ctx context.Context, q *asked) (any, error) { return do(ctx, q) }}
}

// does makes a page that takes nothing and answers nothing.
func does(do func(ctx context.Context, q *asked) error) page {
	return page{nil, nil, func(ctx context.Context, q *asked) (any, error) { return nil, do(ctx, q) }}
}

// takes makes a page that takes something and answers nothing.
func takes[In any](do func(ctx context.Context, q *asked, in In) error) page {
	return page{reflect.TypeFor[In](), nil, func(ctx context.Context, q *asked) (any, error) {
		in, err := bodyAs[In](q.raw)
		if err != nil {
			return nil, err
		}
		return nil, do(ctx, q, in)
	}}
}

// takesOctets makes a page that takes a body that is no JSON, in q.raw.
func takesOctets(do func(ctx context.Context, q *asked) error) page {
	return page{reflect.TypeFor[proto.Octets](), nil, func(ctx context.Context, q *asked) (any, error) { return nil, do(ctx, q) }}
}

// answers makes a page that takes something and answers something.
func answers[In, Out any](do func(ctx context.Context, q *asked, in In) (Out, error)) page {
	return page{reflect.TypeFor[In](), reflect.TypeFor[Out](), func(ctx context.Context, q *asked) (any, error) {
		in, err := bodyAs[In](q.raw)
		if err != nil {
			return nil, err
		}
		return do(ctx, q, in)
	}}
}

// bodyAs decodes a body that holds to its schema, and checks what the schema
// does not say.
func bodyAs[In any](body []byte) (In, error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		// The one thing that the schema lets pass: a number that is whole and
		// too large for the field.
		return in, refuse(proto.CodeBadMessage, "body: given a value that is out of range")
	}
	if refused := proto.Check(&in, "body"); refused != nil {
		return in, refused
	}
	return in, nil
}

// notServed stands for the pages of a part that is not there.
func notServed(context.Context, *asked) (any, error) {
	return nil, refuse(proto.CodeNotFound, "this page is not served here")
}

// pageTable gathers the pages of all parts and holds them to the table of
// endpoints: each row has one page, of the row's types.
func (s *Server) pageTable() (pages, error) {
	table := pages{}
	for _, parts := range [][]part{s.accountParts(), s.childParts(), s.consentParts(), s.friendParts(), s.chatParts(), s.reportParts(), s.operatorParts(), s.networkParts()} {
		for _, p := range parts {
			for key, one := range p.pages {
				if _, twice := table[key]; twice {
					return nil, fmt.Errorf("signaling: two pages for %s", key)
				}
				if !p.there {
					one.run = notServed
				}
				table[key] = one
			}
		}
	}
	rows := proto.Endpoints()
	for _, e := range rows {
		one, ok := table[e.Key()]
		if !ok {
			return nil, fmt.Errorf("signaling: no page for %s", e.Key())
		}
		if one.in != e.In || one.out != e.Out {
			return nil, fmt.Errorf("signaling: the page %s takes %v and answers %v; its row says %v and %v", e.Key(), one.in, one.out, e.In, e.Out)
		}
	}
	if len(table) != len(rows) {
		return nil, fmt.Errorf("signaling: %d pages for %d endpoints", len(table), len(rows))
	}
	return table, nil
}
