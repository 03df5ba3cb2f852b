// SPDX-License-Identifier: Apache-2.0
// Runs SQL scripts by Flink's own Table API on a local cluster within this JVM, each to its end, and prints one line per
// script: seconds from the first statement to the end of the job. The first one may be a warm-up of the others.

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

public final class Sql {
    private static double run(int parallelism, Path script) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", Integer.toString(parallelism));
        configuration.setString("pipeline.object-reuse", "true");
        configuration.setString("table.exec.mini-batch.enabled", "true");
        configuration.setString("table.exec.mini-batch.allow-latency", "2 s");
        configuration.setString("table.exec.mini-batch.size", "50000");
        configuration.setString("table.optimizer.reuse-sub-plan-enabled", "true");
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("taskmanager.numberOfTaskSlots", Integer.toString(parallelism));
        TableEnvironment tables = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        StringBuilder text = new StringBuilder();
        for (String line : Files.readAllLines(script))
            if (!line.stripLeading().startsWith("--"))
                text.append(line).append('\n');
        long begun = System.nanoTime();
        for (String statement : text.toString().split(";\\s*\n")) {
            if (statement.isBlank())
                continue;
            TableResult result = tables.executeSql(statement);
            if (statement.stripLeading().startsWith("INSERT"))
                result.await();
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    public static void main(String[] arguments) throws Exception {
        int parallelism = Integer.parseInt(arguments[0]);
        for (int i = 1; i < arguments.length; i++)
            System.out.printf("seconds %.3f %s%n", run(parallelism, Path.of(arguments[i])), arguments[i]);
        System.exit(0);
    }
}
