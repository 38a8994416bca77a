package legacy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.stream.annotation.EnableBinding;
import org.springframework.cloud.stream.annotation.StreamListener;
import org.springframework.cloud.stream.messaging.Processor;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.annotation.Headers;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.util.MimeTypeUtils;

/**
 * A service as the first implementation has them: one listener that a header selects, and events sent as flat JSON with
 * neither key nor id. Over HTTP it tells what its listener was given (GET /heard) and sends what it is told to
 * (POST /sent).
 */
@SpringBootApplication
@EnableBinding(Processor.class)
public class LegacyService {
    /** The event as that service knows it. */
    public static class PayApproved {
        public String eventType;
        public Long timestamp;
        public Long id;
        public Integer price;
        public String status;
        public Long itemcd;
        public String item;
        public Integer orderQty;
        public Long orderId;
        public Long customerId;
        public String address;
    }

    private final Queue<Map<String, Object>> heard = new ConcurrentLinkedQueue<>();

    @StreamListener(value = Processor.INPUT, condition = "headers['type']=='PayApproved'")
    public void onPayApproved(@Payload PayApproved event, @Headers Map<String, Object> headers) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("event", event);
        entry.put("headers", texts(headers));
        heard.add(entry);
    }

    private static Map<String, String> texts(Map<String, Object> headers) {
        Map<String, String> texts = new TreeMap<>();
        headers.forEach((name, value) -> texts.put(name,
            value instanceof byte[] ? new String((byte[]) value, StandardCharsets.UTF_8) : String.valueOf(value)));
        return texts;
    }

    public static void main(String[] args) throws IOException {
        ConfigurableApplicationContext context = SpringApplication.run(LegacyService.class, args);
        LegacyService service = context.getBean(LegacyService.class);
        Processor processor = context.getBean(Processor.class);
        ObjectMapper json = context.getBean(ObjectMapper.class);

        int port = context.getEnvironment().getRequiredProperty("port", Integer.class);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/heard", exchange -> answer(exchange, json.writeValueAsBytes(service.heard)));
        server.createContext("/sent", exchange -> {
            Map<String, Object> event = json.readValue(exchange.getRequestBody(), new TypeReference<Map<String, Object>>() {});
            processor.output().send(MessageBuilder
                .withPayload(event)
                .setHeader(MessageHeaders.CONTENT_TYPE, MimeTypeUtils.APPLICATION_JSON)
                .setHeader("type", event.get("eventType"))
                .build());
            answer(exchange, new byte[0]);
        });
        server.start();
    }

    private static void answer(HttpExchange exchange, byte[] body) throws IOException {
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }
}
