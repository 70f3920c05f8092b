import java.io.IOException;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One OpenSearch node for development and tests: {@code OpenSearchNode <folder> <http port> <transport port>}. */
public final class OpenSearchNode {
    public static void main(String[] args) throws InterruptedException {
        String folder = args[0];
        int httpPort = Integer.parseInt(args[1]);
        String transportPort = args[2];
        OpenSearchRunner runner = new OpenSearchRunner();

        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(runner)));
        // The runner numbers its nodes from base + 1 and would move on to the next port when this one is taken.
        runner.setMaxHttpPort(httpPort);
        runner.onBuild((number, settings) -> {
            settings.put("network.host", "127.0.0.1");
            settings.put("transport.port", transportPort);
            settings.put("discovery.type", "single-node");
            // A full disk of a development machine must not turn indexes read-only.
            settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
        });
        runner.build(OpenSearchRunner.newConfigs()
                .basePath(folder)
                .clusterName("consign-" + httpPort)
                .numOfNode(1)
                .baseHttpPort(httpPort - 1)
                .disableESLogger());
        Thread.currentThread().join();
    }

    private static void close(OpenSearchRunner runner) {
        try {
            runner.close();
        } catch (IOException e) {
            e.printStackTrace();
        }
    }

    private OpenSearchNode() {
    }
}
