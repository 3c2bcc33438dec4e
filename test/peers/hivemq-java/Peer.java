import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperties;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserPropertiesBuilder;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A service on HiveMQ's client, which knows nothing of Nest. Driven like the other peers, see ../README.md.
 *
 * <p>Usage: java -cp ... Peer.java BROKER_HOST BROKER_PORT
 */
final class Peer {
    private static final String JSON = "application/json";
    private static final String TEXT = "text/plain";
    private static final String BYTES = "application/octet-stream";
    private static final long TIMEOUT_SECONDS = 10;

    private final Mqtt5AsyncClient client;
    private final String inbox = "inbox/hivemq/" + ProcessHandle.current().pid();
    private final AtomicInteger numbers = new AtomicInteger();
    private final Map<ByteBuffer, CompletableFuture<Mqtt5Publish>> waiting = new ConcurrentHashMap<>();

    private Peer(final Mqtt5AsyncClient client) {
        this.client = client;
    }

    public static void main(final String[] arguments) throws Exception {
        final Mqtt5AsyncClient client = Mqtt5Client.builder()
            .serverHost(arguments[0])
            .serverPort(Integer.parseInt(arguments[1]))
            .buildAsync();
        client.connect().get();
        final Peer peer = new Peer(client);
        peer.serve("peer/echo", request -> peer.reply(request, request.getPayloadAsBytes(), contentType(request), null));
        peer.serve("peer/headers", peer::replyHeaders);
        peer.serve("peer/events/+", peer::tellEvent);
        peer.serve("$share/mixed/mixed/+", peer::tellEvent);
        peer.serve(peer.inbox, peer::settle);
        final JsonObject ready = new JsonObject();
        ready.addProperty("ready", true);
        tell(ready);
        final BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            peer.obey(JsonParser.parseString(line).getAsJsonObject());
        }
        System.exit(0);
    }

    private void serve(final String filter, final Consumer<Mqtt5Publish> callback) throws Exception {
        client.subscribeWith().topicFilter(filter).qos(MqttQos.EXACTLY_ONCE).callback(callback).send().get();
    }

    private void replyHeaders(final Mqtt5Publish request) {
        final JsonObject got = new JsonObject();
        got.add("got", headersOf(request));
        final JsonObject headers = new JsonObject();
        headers.addProperty("from", "peer");
        reply(request, got.toString().getBytes(StandardCharsets.UTF_8), JSON, headers);
    }

    private void reply(
        final Mqtt5Publish request, final byte[] payload, final String contentType, final JsonObject headers) {
        client.publish(message(request.getResponseTopic().orElseThrow().toString(), payload, contentType, headers)
            .qos(request.getQos())
            .correlationData(request.getCorrelationData().orElseThrow())
            .build());
    }

    private void tellEvent(final Mqtt5Publish message) {
        final JsonObject event = new JsonObject();
        event.add("event", describe(message));
        tell(event);
    }

    private void settle(final Mqtt5Publish reply) {
        final CompletableFuture<Mqtt5Publish> future = waiting.remove(reply.getCorrelationData().orElseThrow());
        if (future != null) future.complete(reply);
    }

    private void obey(final JsonObject command) {
        final JsonObject arguments = command.getAsJsonObject("arguments");
        final String topic = command.get("topic").getAsString();
        final JsonElement body = command.get("body");
        final String contentType = contentTypeOf(body);
        final int qos = arguments.has("qos") ? arguments.get("qos").getAsInt() : 0;
        final Mqtt5PublishBuilder.Complete message =
            message(topic, encode(body, contentType), contentType, arguments.getAsJsonObject("headers"))
                .qos(MqttQos.fromCode(qos));
        if (command.get("op").getAsString().equals("publish")) {
            client.publish(message.build())
                .whenComplete((result, error) -> answer(command, JsonNull.INSTANCE, error));
            return;
        }
        final byte[] correlation = arguments.has("correlation_id")
            ? arguments.get("correlation_id").getAsString().getBytes(StandardCharsets.UTF_8)
            : ("hivemq-" + numbers.incrementAndGet()).getBytes(StandardCharsets.UTF_8);
        final CompletableFuture<Mqtt5Publish> reply = new CompletableFuture<>();
        waiting.put(ByteBuffer.wrap(correlation), reply);
        client.publish(message.responseTopic(inbox).correlationData(correlation).build());
        reply.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
            .whenComplete((result, error) -> answer(command, result == null ? null : describe(result), error));
    }

    private static void answer(final JsonObject command, final JsonElement result, final Throwable error) {
        final JsonObject line = new JsonObject();
        line.add("id", command.get("id"));
        if (error == null) line.add("result", result);
        else line.addProperty("error", error.toString());
        tell(line);
    }

    private static Mqtt5PublishBuilder.Complete message(
        final String topic, final byte[] payload, final String contentType, final JsonObject headers) {
        final Mqtt5UserPropertiesBuilder properties = Mqtt5UserProperties.builder();
        if (headers != null) headers.asMap().forEach((name, value) -> properties.add(name, value.getAsString()));
        return Mqtt5Publish.builder()
            .topic(topic)
            .payload(payload)
            .contentType(contentType)
            .userProperties(properties.build());
    }

    private static JsonObject describe(final Mqtt5Publish message) {
        final JsonObject description = new JsonObject();
        description.addProperty("topic", message.getTopic().toString());
        description.add("body", decode(message.getPayloadAsBytes(), contentType(message)));
        description.add("headers", headersOf(message));
        description.addProperty("contentType", contentType(message));
        description.addProperty(
            "correlationId",
            message.getCorrelationData().map(bytes -> StandardCharsets.UTF_8.decode(bytes).toString()).orElse(null));
        return description;
    }

    private static JsonObject headersOf(final Mqtt5Publish message) {
        final JsonObject headers = new JsonObject();
        message.getUserProperties()
            .asList()
            .forEach(property -> headers.addProperty(property.getName().toString(), property.getValue().toString()));
        return headers;
    }

    private static String contentType(final Mqtt5Publish message) {
        return message.getContentType().map(Object::toString).orElse(null);
    }

    private static String contentTypeOf(final JsonElement body) {
        if (body.isJsonPrimitive() && body.getAsJsonPrimitive().isString()) return TEXT;
        return body.isJsonObject() && body.getAsJsonObject().has("base64") ? BYTES : JSON;
    }

    private static byte[] encode(final JsonElement body, final String contentType) {
        if (contentType.equals(TEXT)) return body.getAsString().getBytes(StandardCharsets.UTF_8);
        if (contentType.equals(JSON)) return body.toString().getBytes(StandardCharsets.UTF_8);
        return Base64.getDecoder().decode(body.getAsJsonObject().get("base64").getAsString());
    }

    private static JsonElement decode(final byte[] payload, final String contentType) {
        if (JSON.equals(contentType)) return JsonParser.parseString(new String(payload, StandardCharsets.UTF_8));
        if (TEXT.equals(contentType)) return new JsonPrimitive(new String(payload, StandardCharsets.UTF_8));
        final JsonObject bytes = new JsonObject();
        bytes.addProperty("base64", Base64.getEncoder().encodeToString(payload));
        return bytes;
    }

    private static synchronized void tell(final JsonObject line) {
        System.out.println(line);
        System.out.flush();
    }
}
