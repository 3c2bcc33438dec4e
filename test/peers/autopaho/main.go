// A service on autopaho and its extension for request and response, which knows nothing of Nest. Driven like the other peers, see
// ../README.md.
//
// Usage: peer <broker host> <broker port>
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/autopaho/extensions/rpc"
	"github.com/eclipse/paho.golang/paho"
)

type object = map[string]any

type command struct {
	ID        int             `json:"id"`
	Op        string          `json:"op"`
	Topic     string          `json:"topic"`
	Body      json.RawMessage `json:"body"`
	Arguments struct {
		QoS     byte              `json:"qos"`
		Headers map[string]string `json:"headers"`
	} `json:"arguments"`
}

const (
	timeout  = 10 * time.Second
	attempts = 10
)

var written sync.Mutex

func tell(line object) {
	text, err := json.Marshal(line)
	if err != nil {
		log.Fatal(err)
	}
	written.Lock()
	defer written.Unlock()
	fmt.Println(string(text))
}

func encode(body json.RawMessage) ([]byte, string) {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return []byte(text), "text/plain"
	}
	var bytes struct{ Base64 *string }
	if json.Unmarshal(body, &bytes) == nil && bytes.Base64 != nil {
		payload, err := base64.StdEncoding.DecodeString(*bytes.Base64)
		if err != nil {
			log.Fatal(err)
		}
		return payload, "application/octet-stream"
	}
	return body, "application/json"
}

func decode(payload []byte, contentType string) any {
	switch contentType {
	case "application/json":
		return json.RawMessage(payload)
	case "text/plain":
		return string(payload)
	}
	return object{"base64": base64.StdEncoding.EncodeToString(payload)}
}

func headersOf(message *paho.Publish) map[string]string {
	headers := map[string]string{}
	for _, property := range message.Properties.User {
		headers[property.Key] = property.Value
	}
	return headers
}

func describe(message *paho.Publish) object {
	return object{
		"topic":         message.Topic,
		"body":          decode(message.Payload, message.Properties.ContentType),
		"headers":       headersOf(message),
		"contentType":   message.Properties.ContentType,
		"correlationId": string(message.Properties.CorrelationData),
	}
}

func propertiesOf(contentType string, headers map[string]string) *paho.PublishProperties {
	properties := &paho.PublishProperties{ContentType: contentType}
	for key, value := range headers {
		properties.User.Add(key, value)
	}
	return properties
}

// Answers a request, if it is one for this service.
func serve(ctx context.Context, client *autopaho.ConnectionManager, request *paho.Publish) {
	payload, properties := request.Payload, propertiesOf(request.Properties.ContentType, nil)
	switch {
	case request.Topic == "peer/echo":
	case request.Topic == "peer/headers":
		payload, _ = json.Marshal(object{"got": headersOf(request)})
		properties = propertiesOf("application/json", map[string]string{"from": "peer"})
	case strings.HasPrefix(request.Topic, "peer/events/"), strings.HasPrefix(request.Topic, "mixed/"):
		tell(object{"event": describe(request)})
		return
	default:
		return
	}
	properties.CorrelationData = request.Properties.CorrelationData
	reply := &paho.Publish{Topic: request.Properties.ResponseTopic, QoS: request.QoS, Payload: payload, Properties: properties}
	if _, err := client.Publish(ctx, reply); err != nil {
		log.Fatal(err)
	}
}

func obey(ctx context.Context, client *autopaho.ConnectionManager, requests *rpc.Handler, told command) object {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	payload, contentType := encode(told.Body)
	properties := propertiesOf(contentType, told.Arguments.Headers)
	message := &paho.Publish{Topic: told.Topic, QoS: told.Arguments.QoS, Payload: payload, Properties: properties}
	if told.Op == "publish" {
		if _, err := client.Publish(ctx, message); err != nil {
			return object{"id": told.ID, "error": err.Error()}
		}
		return object{"id": told.ID, "result": nil}
	}
	reply, err := request(ctx, requests, message)
	if err != nil {
		return object{"id": told.ID, "error": err.Error()}
	}
	return object{"id": told.ID, "result": describe(reply)}
}

// The extension drops a reply that comes before its own Publish has returned, as replies do whose request waits for an
// acknowledgement: then it is asked again.
func request(ctx context.Context, requests *rpc.Handler, message *paho.Publish) (*paho.Publish, error) {
	for {
		patience, cancel := context.WithTimeout(ctx, timeout/attempts)
		reply, err := requests.Request(patience, message)
		cancel()
		if err == nil || ctx.Err() != nil {
			return reply, err
		}
	}
}

func main() {
	ctx := context.Background()
	server := &url.URL{Scheme: "mqtt", Host: os.Args[1] + ":" + os.Args[2]}
	id := fmt.Sprintf("autopaho-%d", os.Getpid())
	router := paho.NewStandardRouter()
	client, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{server},
		KeepAlive:                     30,
		CleanStartOnInitialConnection: true,
		OnConnectError:                func(err error) { log.Fatal(err) },
		ClientConfig:                  paho.ClientConfig{ClientID: id},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := client.AwaitConnection(ctx); err != nil {
		log.Fatal(err)
	}
	client.AddOnPublishReceived(func(received autopaho.PublishReceived) (bool, error) {
		router.Route(received.Packet.Packet())
		go serve(ctx, client, received.Packet) // whoever waits here for an acknowledgement keeps it from being read
		return true, nil
	})
	options := rpc.HandlerOpts{Conn: client, Router: router, ResponseTopicFmt: "inbox/%s", ClientID: id}
	requests, err := rpc.NewHandler(ctx, options)
	if err != nil {
		log.Fatal(err)
	}
	served := []paho.SubscribeOptions{}
	for _, filter := range []string{"peer/echo", "peer/headers", "peer/events/+", "$share/mixed/mixed/+"} {
		served = append(served, paho.SubscribeOptions{Topic: filter, QoS: 2})
	}
	if _, err := client.Subscribe(ctx, &paho.Subscribe{Subscriptions: served}); err != nil {
		log.Fatal(err)
	}
	tell(object{"ready": true})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var told command
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			log.Fatal(err)
		}
		go func() { tell(obey(ctx, client, requests, told)) }()
	}
}
