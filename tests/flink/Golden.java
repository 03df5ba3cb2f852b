// SPDX-License-Identifier: Apache-2.0
// Runs SQL scripts by Flink's own Table API on a local cluster within this JVM. Each argument is a folder with a script
// app.sql, whose relative paths are meant from there; the folder gets a file flink.out with the changes of every SELECT,
// one JSON object per line, as {"op": "+I", "row": {...}}, or a last line that begins with REFUSED or TIMEOUT.

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public final class Golden {
    private static final Pattern SET = Pattern.compile("(?is)SET\\s+'([^']*)'\\s*=\\s*'([^']*)'");
    private static final Pattern PATH = Pattern.compile("'path'\\s*=\\s*'(?!/|s3:)");
    private static final int LIMIT_S = 60;

    /** Where the quoted text or the comment that begins at `at` ends. */
    private static int behind(String text, int at, String end) {
        int found = text.indexOf(end, at);
        return found < 0 ? text.length() : found + end.length();
    }

    private static List<String> statements(String text) {
        List<String> out = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        for (int at = 0; at < text.length();) {
            char c = text.charAt(at);
            int next = at + 1;
            if (text.startsWith("--", at)) {
                next = behind(text, at, "\n");
                statement.append('\n');
            } else if (text.startsWith("/*", at) && !text.startsWith("/*+", at)) {
                next = behind(text, at, "*/");
            } else if (c == '\'' || c == '`') {
                next = behind(text, at + 1, String.valueOf(c));
                statement.append(text, at, next);
            } else if (c == ';') {
                out.add(statement.toString().strip());
                statement.setLength(0);
            } else {
                statement.append(c);
            }
            at = next;
        }
        out.add(statement.toString().strip());
        out.removeIf(String::isEmpty);
        return out;
    }

    private static void text(StringBuilder out, String value) {
        out.append('"');
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\')
                out.append('\\').append(c);
            else if (c < ' ')
                out.append(String.format("\\u%04x", (int) c));
            else
                out.append(c);
        }
        out.append('"');
    }

    private static <T> void all(StringBuilder out, char open, Iterable<T> items, Consumer<T> item, char close) {
        out.append(open);
        for (Iterator<T> rest = items.iterator(); rest.hasNext();) {
            item.accept(rest.next());
            if (rest.hasNext())
                out.append(',');
        }
        out.append(close);
    }

    private static void member(StringBuilder out, String name, Object value) {
        text(out, name);
        out.append(':');
        value(out, value);
    }

    private static void value(StringBuilder out, Object value) {
        if (value == null || value instanceof Boolean)
            out.append(value);
        else if (value instanceof BigDecimal)
            out.append(((BigDecimal) value).toPlainString());
        else if (value instanceof Number && !(value instanceof Double && !Double.isFinite((Double) value))
                 && !(value instanceof Float && !Float.isFinite((Float) value)))
            out.append(value);
        else if (value instanceof Row)
            all(out, '{', ((Row) value).getFieldNames(true), name -> member(out, name, ((Row) value).getField(name)), '}');
        else if (value instanceof Map)
            all(out, '{', ((Map<?, ?>) value).entrySet(), e -> member(out, String.valueOf(e.getKey()), e.getValue()), '}');
        else if (value instanceof byte[])
            text(out, Base64.getEncoder().encodeToString((byte[]) value));
        else if (value instanceof Object[])
            all(out, '[', Arrays.asList((Object[]) value), item -> value(out, item), ']');
        else
            text(out, value.toString());
    }

    private static void collect(TableResult result, StringBuilder out) throws Exception {
        List<String> names = result.getResolvedSchema().getColumnNames();
        try (CloseableIterator<Row> rows = result.collect()) {
            while (rows.hasNext()) {
                Row row = rows.next();
                out.append("{\"op\":\"").append(row.getKind().shortString()).append("\",\"row\":{");
                for (int i = 0; i < row.getArity(); i++) {
                    if (i > 0)
                        out.append(',');
                    member(out, names.get(i), row.getField(i));
                }
                out.append("}}\n");
            }
        }
    }

    private static void run(TableEnvironment tables, String statement, ExecutorService reader, StringBuilder out)
        throws Exception {
        Matcher set = SET.matcher(statement);
        if (set.matches()) {
            tables.getConfig().set(set.group(1), set.group(2));
            return;
        }
        String begin = statement.toUpperCase().split("[\\s(]+", 2)[0];
        TableResult result = tables.executeSql(statement);
        if (begin.equals("INSERT") || begin.equals("EXECUTE"))
            result.await(LIMIT_S, TimeUnit.SECONDS);
        if (!List.of("SELECT", "WITH", "VALUES", "").contains(begin))
            return;
        Future<?> read = reader.submit(() -> {
            collect(result, out);
            return null;
        });
        try {
            read.get(LIMIT_S, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            result.getJobClient().ifPresent(job -> job.cancel());
            throw late;
        }
    }

    private static TableEnvironment environment() {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", "1");
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("restart-strategy.type", "none");
        configuration.setString("pipeline.auto-watermark-interval", "0 ms"); // after every row
        return TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
    }

    private static String reason(Throwable failure) {
        while (failure.getCause() != null)
            failure = failure.getCause();
        return String.valueOf(failure).replace('\n', ' ');
    }

    public static void main(String[] folders) throws Exception {
        ExecutorService reader = Executors.newCachedThreadPool();
        for (String folder : folders) {
            StringBuilder out = new StringBuilder();
            String there = Matcher.quoteReplacement("'path' = '" + Path.of(folder).toAbsolutePath() + "/");
            try {
                String script = PATH.matcher(Files.readString(Path.of(folder, "app.sql"))).replaceAll(there);
                TableEnvironment tables = environment();
                for (String statement : statements(script))
                    run(tables, statement, reader, out);
            } catch (TimeoutException late) {
                out.append("TIMEOUT\n");
            } catch (Exception | Error refusal) {
                out.append("REFUSED ").append(reason(refusal)).append('\n');
            }
            Files.writeString(Path.of(folder, "flink.out"), out.toString());
            System.out.println(folder);
        }
        System.exit(0);
    }
}
