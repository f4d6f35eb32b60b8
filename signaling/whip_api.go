package signaling

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// describeWHIP writes the pages of package whip into the API's description.
// Their bodies are SDP, so they are not among those that huma serves.
func describeWHIP(doc *huma.OpenAPI) {
	const sdp, fragment = "application/sdp", "application/trickle-ice-sdpfrag"
	text := func(mediaType, says string) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: huma.TypeString, Description: says}}}
	}
	header := func(says string) *huma.Param {
		return &huma.Param{Description: says, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	refusals := func(all map[string]*huma.Response, statuses ...int) map[string]*huma.Response {
		for _, status := range statuses {
			all[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{
				"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/ApiError"}},
			}}
		}
		return all
	}
	media := []map[string][]string{{"media": {}}}
	id := []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
	match := append(id[:1:1], &huma.Param{Name: "If-Match", In: "header", Required: true, Description: "the ETag of the ICE session; * for an ICE restart", Schema: &huma.Schema{Type: huma.TypeString}})
	for name, what := range map[string]string{"whip": "Send media (WHIP, RFC 9725)", "whep": "Receive media (WHEP)"} {
		doc.AddOperation(&huma.Operation{
			OperationID: name, Method: http.MethodPost, Path: "/v1/" + name, Summary: what, Security: media,
			RequestBody: &huma.RequestBody{Required: true, Content: text(sdp, "the offer")},
			Responses: refusals(map[string]*huma.Response{"201": {
				Description: "the answer", Content: text(sdp, "the answer"),
				Headers: map[string]*huma.Header{
					"Location": header("the address of this media, for PATCH and DELETE"), "ETag": header("of the ICE session"),
					"Link": header("STUN and TURN servers, rel=ice-server"), "Accept-Patch": header(fragment),
				},
			}}, 400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503),
		})
		doc.AddOperation(&huma.Operation{
			OperationID: name + "-patch", Method: http.MethodPatch, Path: "/v1/" + name + "/{id}", Summary: "Candidates of the client, or an ICE restart",
			Security: media, Parameters: match, RequestBody: &huma.RequestBody{Required: true, Content: text(fragment, "RFC 8840, section 9")},
			Responses: refusals(map[string]*huma.Response{
				"200": {Description: "ICE restarted", Content: text(fragment, "the server's new credentials"), Headers: map[string]*huma.Header{"ETag": header("of the new ICE session")}},
				"204": {Description: "Candidates taken"},
			}, 400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 500, 503),
		})
		doc.AddOperation(&huma.Operation{
			OperationID: name + "-delete", Method: http.MethodDelete, Path: "/v1/" + name + "/{id}", Summary: "Leave the media; the call goes on",
			Security: media, Parameters: id,
			Responses: refusals(map[string]*huma.Response{"200": {Description: "Left"}}, 401, 403, 404, 429, 500, 503),
		})
	}
}
