package signaling

import (
	"net/http"
	"reflect"
	"regexp"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"kinwire/signaling/proto"
)

// securities says by which scheme of the description a page is opened.
var securities = map[proto.Access][]map[string][]string{
	proto.AccessAnyone:   nil,
	proto.AccessPerson:   {{"login": {}}},
	proto.AccessOwn:      {{"login": {}}},
	proto.AccessParent:   {{"login": {}}},
	proto.AccessGuardian: {{"login": {}}},
	proto.AccessOperator: {{"operator": {}}},
	proto.AccessCalls:    {{"operator": {}}},
	proto.AccessSafety:   {{"operator": {}}},
	proto.AccessResolve:  {{"operator": {}}},
}

// accessSays is what the description says about who may.
var accessSays = map[proto.Access]string{
	proto.AccessAnyone:   "For anyone, without a login.",
	proto.AccessPerson:   "For whoever is logged in.",
	proto.AccessOwn:      "For whoever is logged in and looks after the account themselves: parent, teen, adult. Others get 403 not_allowed.",
	proto.AccessParent:   "For parents. Others get 403 not_allowed.",
	proto.AccessGuardian: "For the parents of this child. Others get 403 not_allowed, other parents 404 not_found.",
	proto.AccessOperator: "For the staff, with a token of theirs. Others get 401 unauthenticated.",
	proto.AccessCalls:    forRole(proto.OperatorCalls),
	proto.AccessSafety:   forRole(proto.OperatorSafety),
	proto.AccessResolve:  forRole(proto.OperatorResolve),
}

func forRole(role string) string {
	return "For operators in the role " + role + ". Operators without it get 403 not_allowed, others 401 unauthenticated."
}

// forbids has the accesses that somebody with a good token may still lack.
var forbids = map[proto.Access]bool{
	proto.AccessOwn: true, proto.AccessParent: true, proto.AccessGuardian: true,
	proto.AccessCalls: true, proto.AccessSafety: true, proto.AccessResolve: true,
}

// signatureHeader signs the result of a check done elsewhere.
const signatureHeader = "Kinwire-Signature"

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// describe writes a page into the API's description.
func describe(e endpoint) *huma.Operation {
	op := &huma.Operation{
		OperationID: e.ID, Method: e.Method, Path: e.Path, Summary: e.Says, Description: accessSays[e.Access],
		Security: securities[e.Access], Responses: map[string]*huma.Response{}, MaxBodyBytes: e.maxBody,
	}
	for _, name := range inPath.FindAllStringSubmatch(e.Path, -1) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name[1], In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(e.maxID)}})
	}
	for _, name := range e.Query {
		q := queries[name]
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "query", Description: q.says, Schema: q.schema})
	}
	if e.ID == "consent-external" {
		op.Parameters = append(op.Parameters, &huma.Param{Name: signatureHeader, In: "header", Required: true, Description: "HMAC-SHA256 of the body in hex", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	if e.In != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: contentOf(e.In, e.registry)}
	}
	if e.Out != nil {
		op.Responses["200"] = &huma.Response{Description: "Done", Content: contentOf(e.Out, e.registry)}
	} else {
		op.Responses["204"] = &huma.Response{Description: "Done"}
	}
	for _, status := range refusalsOf(e) {
		op.Responses[strconv.Itoa(status)] = refusalResponse(http.StatusText(status), e.registry)
	}
	op.Responses["default"] = refusalResponse("Another refusal; its code says which", e.registry)
	return op
}

// contentOf describes a body of type t.
func contentOf(t reflect.Type, registry huma.Registry) map[string]*huma.MediaType {
	schema := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	if !isOctets(t) {
		schema = registry.Schema(t, true, t.Name())
	}
	return map[string]*huma.MediaType{mediaType(t): {Schema: schema}}
}

// refusalsOf lists the refusals that every page of an access has. What a page
// has besides is its default.
func refusalsOf(e endpoint) []int {
	list := []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if e.Access != proto.AccessAnyone {
		list = append(list, http.StatusUnauthorized)
	}
	if forbids[e.Access] {
		list = append(list, http.StatusForbidden)
	}
	if inPath.MatchString(e.Path) {
		list = append(list, http.StatusNotFound)
	}
	if costs[e.ID] != free {
		list = append(list, http.StatusTooManyRequests)
	}
	return list
}

func refusalResponse(says string, registry huma.Registry) *huma.Response {
	return &huma.Response{Description: says, Content: map[string]*huma.MediaType{
		"application/json": {Schema: registry.Schema(apiErrorType, true, "ApiError")},
	}}
}
