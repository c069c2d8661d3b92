// Emits an event and manages an endpoint over Posthorn's HTTP API (Go 1.19 or later, standard library alone).
//
//	export API_KEY=$(posthorn key create --node c1 --can emit,read,endpoints)
//	go run client.go http://127.0.0.1:8080 c1 https://crm.example/hook
//
// The arguments: where the API is, a node, and where the endpoint that is made for the example sends to.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Refused is an answer that is no success, with what RFC 9457 says of it.
type Refused struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Every fault of what was sent.
	Errors []struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	} `json:"errors"`
}

func (r *Refused) Error() string {
	text := fmt.Sprintf("%d %s: %s", r.Status, r.Title, r.Detail)
	for _, fault := range r.Errors {
		text += "; " + fault.Pointer + ": " + fault.Detail
	}
	return text
}

// Posthorn is a client of one server.
type Posthorn struct {
	Base, Key string
	HTTP      http.Client
}

// Ask makes a request and reads its answer into value, unless that is nil. It is repeated while the server is busy or away: events have
// ids, so that changes nothing.
func (p *Posthorn) Ask(method, path string, body, value any, headers http.Header) (http.Header, error) {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		request, err := http.NewRequest(method, p.Base+path, bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		for name, values := range headers {
			request.Header[name] = values
		}
		if body != nil {
			request.Header.Set("Content-Type", "application/json")
		}
		if p.Key != "" {
			request.Header.Set("Authorization", "Bearer "+p.Key)
		}
		answer, err := p.HTTP.Do(request)
		if err != nil {
			if attempt == 5 {
				return nil, err
			}
			time.Sleep(250 * time.Millisecond << attempt)
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, err
		}
		if answer.StatusCode < 300 {
			if value == nil {
				return answer.Header, nil
			}
			return answer.Header, json.Unmarshal(text, value)
		}
		isBusy := answer.StatusCode == 429 || answer.StatusCode == 503
		if !isBusy || attempt == 5 {
			refused := &Refused{Status: answer.StatusCode}
			_ = json.Unmarshal(text, refused)
			return nil, refused
		}
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			seconds = 1
		}
		time.Sleep(time.Duration(seconds) * time.Second)
	}
}

// Event is handed in; the same one again is accepted and changes nothing, other content of its id is refused with 409.
type Event struct {
	ID   string            `json:"id"`
	Type string            `json:"type"`
	Node string            `json:"node"`
	Data map[string]string `json:"data"`
}

func isRefused(status int, err error) bool {
	var refused *Refused
	return errors.As(err, &refused) && refused.Status == status
}

func run(base, node, target string) error {
	posthorn := &Posthorn{Base: strings.TrimSuffix(base, "/"), Key: os.Getenv("API_KEY"), HTTP: http.Client{Timeout: 30 * time.Second}}
	path := "/v1/endpoints/example-go"
	var endpoint struct{ ID string }
	settings := map[string]any{"id": "example-go", "node": node, "url": target, "vendor": "weseedo", "events": []string{"MEETING_*"}}
	headers, err := posthorn.Ask("POST", "/v1/endpoints", settings, &endpoint, nil)
	if err != nil {
		return err
	}
	fmt.Println("made endpoint", endpoint.ID)
	event := Event{ID: "from-go", Type: "MEETING_STARTED", Node: node, Data: map[string]string{"id": "m1"}}
	for i := 0; i < 2; i++ {
		var accepted struct {
			ID        string
			Duplicate bool
		}
		if _, err := posthorn.Ask("POST", "/v1/events", event, &accepted, nil); err != nil {
			return err
		}
		note := ""
		if accepted.Duplicate {
			note = ", which was there already"
		}
		fmt.Println("accepted " + accepted.ID + note)
	}
	event.Data = map[string]string{"id": "m2"}
	if _, err := posthorn.Ask("POST", "/v1/events", event, nil, nil); !isRefused(409, err) {
		return fmt.Errorf("other content was not refused: %v", err)
	}
	fmt.Println("refused from-go with other content")
	query := url.Values{"event": {"from-go"}, "limit": {"1"}}
	for {
		var page struct {
			Data []struct{ Endpoint string }
			Next *string `json:"next_cursor"`
		}
		if _, err := posthorn.Ask("GET", "/v1/deliveries?"+query.Encode(), nil, &page, nil); err != nil {
			return err
		}
		for _, delivery := range page.Data {
			fmt.Println("delivery to", delivery.Endpoint)
		}
		if page.Next == nil {
			break
		}
		query.Set("cursor", *page.Next)
	}
	read := http.Header{"If-Match": {headers.Get("ETag")}}
	if _, err := posthorn.Ask("PATCH", path, map[string]any{"events": []string{"MEETING_STARTED"}}, nil, read); err != nil {
		return err
	}
	fmt.Println("changed endpoint example-go")
	if _, err := posthorn.Ask("PATCH", path, map[string]any{"events": []string{"USER_*"}}, nil, read); !isRefused(412, err) {
		return fmt.Errorf("a change of what has changed since was not refused: %v", err)
	}
	fmt.Println("refused a change of what has changed since")
	if _, err := posthorn.Ask("DELETE", path+"?waiting=cancel", nil, nil, nil); err != nil {
		return err
	}
	fmt.Println("removed endpoint example-go")
	return nil
}

func main() {
	if len(os.Args) != 4 || strings.HasPrefix(os.Args[1], "-") {
		fmt.Println("go run client.go URL NODE RECEIVER: emits an event and manages an endpoint over Posthorn's HTTP API")
		fmt.Println("API_KEY has a key with the rights emit, read and endpoints.")
		if len(os.Args) == 2 && (os.Args[1] == "--help" || os.Args[1] == "-h") {
			return
		}
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "client.go:", err)
		os.Exit(1)
	}
}
