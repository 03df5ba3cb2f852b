/* SPDX-License-Identifier: Apache-2.0 */
/* The help texts: what a newcomer needs to go on. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const char help_weir[] =
    "weir: streaming SQL in one small program\n"
    "\n"
    "usage: weir COMMAND [OPTIONS] ...\n"
    "\n"
    "  run FILE.sql          runs the queries of a file until their input ends or you press Ctrl-C\n"
    "  serve DIR             keeps the queries of all *.sql of a folder running as one service\n"
    "  top [ADDRESS]         shows running jobs in the terminal: rates, load, watermarks, lag\n"
    "  shell [FILE...]       statements one by one, with completion, history and live results\n"
    "  check FILE.sql        compiles only; says where all the mistakes are\n"
    "  explain FILE.sql      shows the plan: what is read, computed, exchanged and written\n"
    "  connectors [NAME]     the connectors, or the options of one\n"
    "  formats [NAME]        the formats, or the options of one\n"
    "  functions [NAME]      the functions and operators of SQL, or one with all its forms\n"
    "  types [NAME]          the types of SQL, or one with its casts\n"
    "  state DIR             what a state directory keeps, and how its job is doing\n"
    "  savepoint DIR         asks the running job for an epoch now; copies it, stops the job\n"
    "  discover URI          looks at a file, topic or stream and prints a CREATE TABLE for it\n"
    "  import APP.json       prints the script of an application of Kinesis Data Analytics for SQL\n"
    "  help [COMMAND]        more about a command\n"
    "  --version             the version\n"
    "\n"
    "try it:\n"
    "  weir run -e \"SELECT UPPER('hello') AS greeting, 6 * 7 AS answer\"\n"
    "  weir run -e \"CREATE TABLE g (id BIGINT, v INT) WITH ('connector' = 'datagen',\n"
    "               'number-of-rows' = '5'); SELECT * FROM g\"\n";

#define HELP_HTTP                                                                                   \
  "  --http ADDRESS        listens there, as 127.0.0.1:8080; port 0 chooses one; :8080 is every\n"  \
  "                        address of the machine. The address to open is said on standard error\n" \
  "  --http-token-file F   file with the token that others must know; needed beyond this machine\n" \
  "  --http-tls-cert F, --http-tls-key F    certificate and its key (PEM): https\n"                 \
  "  --http-origin ORIGIN  pages of that origin may ask, as https://example.org; may be repeated\n"

#define HELP_APPLICATION                                                                              \
  "  --code FILE.sql       the code, instead of that of the description\n"                            \
  "  --input NAME=FROM     reads an input or a table of reference from a file, - (standard input),\n" \
  "                        or the stream of Kinesis of an ARN; may be repeated\n"                     \
  "  --output NAME=TO      writes an output to a folder, - (standard output), or the stream or\n"     \
  "                        delivery stream of an ARN; may be repeated\n"

static const char help_run[] =
    "usage: weir run FILE.sql | APP.json | - | -e 'SQL'  [OPTIONS]\n"
    "\n"
    "Runs a script: CREATE TABLE, VIEW and FUNCTION declare, all INSERT INTO ... SELECT run together\n"
    "as one job; every bare SELECT, SHOW and DESCRIBE is a job of its own, in its place, and prints\n"
    "its rows on standard output.\n"
    "Everything else (notes, progress, summary) goes to standard error. Ctrl-C ends a running job\n"
    "after what it has in hand; a second one at once.\n"
    "\n"
    "With --state-dir a job survives being stopped, killed or cut off: every so often it takes an epoch\n"
    "(what its windows hold, and where its sources are) and the next start goes on from the newest one.\n"
    "\n"
    "  -e, --execute 'SQL'   the script itself instead of a file; - reads it from standard input\n"
    "  --set KEY=VALUE       a setting that wins over SET 'KEY' = 'VALUE'; may be repeated\n"
    "  -p, --parallelism N   copies of every step that can be split (default 1)\n"
    "  --format FORMAT       how SELECT prints: table, json (one object per line), csv;\n"
    "                        auto (default): table on a terminal, else json\n"
    "  -q, --quiet           no progress and no summary\n"
    "  --memory SIZE         all that the job may take, as 512MiB or 4GB; default: 3/4 of what the\n"
    "                        machine or its control group has. State above its share ends the job\n"
    "  --profile[=FORMAT]    shows at the end what every step has done and where the time went, on\n"
    "                        standard error; text (default), json: one object per job on one line\n"
    "  --profile-file FILE   writes that to a file instead\n"
    "\n"
    "durable state:\n"
    "  --state-dir DIR       where epochs are kept; made if need be, one job per directory.\n"
    "                        SET 'execution.checkpointing.interval' = '10 s' says how often\n"
    "  --from EPOCH          latest (default), none: from the beginning, or a number that\n"
    "                        weir state shows\n"
    "  --drain               at Ctrl-C or SIGTERM windows that are open give their results\n"
    "  --allow-dropped-state goes on although the SQL has no use for some of the state any more\n"
    "  --allow-duplicates    goes on although rows of an exactly-once sink may come twice\n"
    "  --allow-gap           goes on although rows of an exactly-once sink may be missing\n"
    "\n"
    "applications of Kinesis Data Analytics for SQL, from their descriptions in JSON:\n" HELP_APPLICATION
    "\n"
    "to be watched while it runs (the page, live streams, REST, metrics):\n" HELP_HTTP
    "  --http-wait           when all jobs are over goes on serving what they have left, until Ctrl-C\n"
    "\n"
    "exit codes: 0 done or stopped in order, 1 the SQL is wrong, 2 wrong usage, 3 failed, and trying\n"
    "again would not help (what may pass, as a broker that is away, is tried again from the newest\n"
    "epoch if there is a state directory)\n";

static const char help_serve[] =
    "usage: weir serve DIR  [OPTIONS]\n"
    "\n"
    "Every *.sql in the folder is a job named after its file, which runs as long as the file is there.\n"
    "A file has one job: all its INSERTs. Each keeps its state in ROOT/NAME and goes on from there when\n"
    "the service starts again.\n"
    "\n"
    "The folder is looked at when something in it changes, on SIGHUP and on POST /v1/reload. New files\n"
    "start, those that have gone stop. A file that has changed stops with a last epoch and goes on from\n"
    "it by its new text; if that does not plan, or would lose state, the old text goes on and the error\n"
    "is shown. A job that fails stays visible and the others go on; SIGHUP and POST /v1/reload start it\n"
    "again, as those that were stopped. Log lines on standard error have time, job and sentence.\n"
    "\n"
    "To be seen at 127.0.0.1:8080, or where --http says (the page, live streams, REST, metrics):\n" HELP_HTTP
    "\n"
    "  --state-root ROOT     where state is kept (default DIR/.weir); for one service at a time\n"
    "  --memory SIZE         for all jobs together, each gets an equal part; default: 3/4 of what the\n"
    "                        machine or its control group has\n"
    "  --set KEY=VALUE, -p N as for weir run, for every job\n"
    "  --drain               when a job is stopped, windows that are open give their results: it is over\n"
    "  --allow-dropped-state, --allow-duplicates, --allow-gap    as for weir run, at every start\n"
    "  -q, --quiet           no summaries\n"
    "\n"
    "SIGTERM and Ctrl-C stop all jobs, each with a last epoch; a second signal leaves at once.\n"
    "\n"
    "exit codes: 0 stopped in order, 2 wrong usage, 3 it cannot serve, or last epochs took too long\n";

static const char help_top[] =
    "usage: weir top [ADDRESS]  [--job NAME] [--every SECONDS] [--once] [--token-file F]\n"
    "\n"
    "Shows the jobs behind an address that weir run --http or weir serve has said (default\n"
    "http://127.0.0.1:8080): a table of all, and of one its steps with rates, how busy and how much held\n"
    "back they are, watermarks, lag, checkpoints, and the rows that could not be used lately.\n"
    "\n"
    "  --job NAME            the job to begin with\n"
    "  --every SECONDS       how often it looks (default 2)\n"
    "  --once                looks twice, a second apart, and prints that as plain text; so it does\n"
    "                        when standard output is no terminal\n"
    "  --token-file F        file with the token; or WEIR_TOKEN in the environment\n"
    "  --ca-file F           authorities that sign the certificate, instead of those of the system\n"
    "\n"
    "keys: up and down (k, j) choose, Enter opens a job, Esc or Backspace goes back, s sorts by another\n"
    "column, space looks at once, q quits\n"
    "\n"
    "exit codes: 0 done, 2 wrong usage, 3 nobody answers there, or refuses\n";

static const char help_shell[] =
    "usage: weir shell [FILE...]  [--format FORMAT] [--set KEY=VALUE] [--parallelism N] [--memory SIZE]\n"
    "\n"
    "Reads statements from the terminal, or from standard input if that is no terminal, after those of\n"
    "the files. CREATE, SET and the like are kept for the statements behind them; SELECT runs until its\n"
    "input ends or Ctrl-C, and so does INSERT. On a terminal there are completion (TAB), history\n"
    "(~/.local/state/weir/history, or the file of WEIR_HISTORY; empty: none) and a table that changes in\n"
    "place for results that do. \\? lists what else it knows: \\d, \\i FILE, \\x, \\o FILE, SHOW JOBS, ...\n"
    "\n"
    "  --format FORMAT       how SELECT prints: table, json (one object per line), csv;\n"
    "                        auto (default): table on a terminal, else json\n"
    "  --set KEY=VALUE       a setting that wins over SET 'KEY' = 'VALUE'; may be repeated\n"
    "  --parallelism N       copies of every step that can be split (default 1)\n"
    "  --memory SIZE         all that a job may take, as 512MiB or 4GB\n"
    "\n"
    "Jobs of a shell keep no state and end with it; weir run --state-dir is for those that stay.\n"
    "\n"
    "exit codes, of a script: 0 done, 1 a statement is wrong, 2 wrong usage, 3 a job has failed\n";

static const char help_check[] =
    "usage: weir check FILE.sql | - | -e 'SQL'  [--json] [--set KEY=VALUE] [--parallelism N]\n"
    "\n"
    "Compiles a script without connecting to anything. Every mistake is shown with file, line and\n"
    "column, its SQLSTATE, the line itself and, where there is one, a hint.\n"
    "\n"
    "  --json                the result as one JSON object on standard output, for editors\n"
    "\n"
    "exit codes: 0 it is right, 1 it is not, 2 wrong usage\n";

static const char help_explain[] =
    "usage: weir explain FILE.sql | - | -e 'SQL'  [--json] [--set KEY=VALUE] [--parallelism N]\n"
    "\n"
    "Shows for every job of a script the logical plan and the operators that run, with their\n"
    "parallelism, how rows are exchanged between them, which columns are decoded, and what every\n"
    "sink promises. Nothing runs: EXPLAIN ANALYZE in a script of weir run shows a plan with what was\n"
    "measured, and weir run --profile the figures alone.\n"
    "\n"
    "  --json                the same as a JSON array with one object per job; mistakes as one object\n";

static const char help_connectors[] =
    "usage: weir connectors [NAME]\n"
    "\n"
    "Lists the connectors, or shows the options and metadata columns of one.\n";

static const char help_formats[] = "usage: weir formats [NAME]\n"
                                   "\n"
                                   "Lists the formats, or shows the options of one.\n";

static const char help_functions[] =
    "usage: weir functions [NAME]\n"
    "\n"
    "Lists the functions and operators of SQL, or shows one with what it takes and gives and an\n"
    "example. Functions of a script: SHOW USER FUNCTIONS.\n";

static const char help_types[] = "usage: weir types [NAME]\n"
                                 "\n"
                                 "Lists the types of SQL, or shows one with its casts.\n";

static const char help_state[] =
    "usage: weir state DIR [--from EPOCH] [--json]\n"
    "\n"
    "Shows what a state directory keeps: its epochs with their age and size, and of the newest one (or\n"
    "that of --from) every step with its state, and how far every source had been read. If a job runs\n"
    "over the directory, it is asked how it is doing. Nothing is changed.\n"
    "\n"
    "  --json                the same as one JSON object\n"
    "\n"
    "Of an epoch, own is what was written with it, the rest is shared with older ones; a delta only\n"
    "says what has changed since the epoch before.\n"
    "\n"
    "exit codes: 0 done, 2 wrong usage, 3 the directory or the epoch cannot be read\n";

static const char help_savepoint[] =
    "usage: weir savepoint DIR [--to OUT] [--stop [--drain]] [--timeout 10min]\n"
    "       weir savepoint DIR --to OUT [--from EPOCH]\n"
    "\n"
    "Asks the job that runs over a state directory for an epoch now, and waits until it is sealed and\n"
    "published. If no job runs, --to copies the newest epoch that is sound.\n"
    "\n"
    "  --to OUT              copies the epoch into a new state directory, with which weir run\n"
    "                        --state-dir OUT goes on, at any parallelism; OUT is complete or not there\n"
    "  --stop                the job stops behind the epoch\n"
    "  --drain               with --stop: windows that are open give their results, the job is over\n"
    "  --timeout DURATION    how long to wait for the epoch (default 10 min); the job goes on\n"
    "  --from EPOCH          without a running job: which epoch --to copies\n"
    "\n"
    "A copy is the same job as the original: with exactly-once sinks only one of them can go on.\n"
    "\n"
    "exit codes: 0 done, 2 wrong usage, 3 failed: there is no such epoch now\n";

static const char help_discover[] =
    "usage: weir discover URI [OPTIONS]\n"
    "\n"
    "Reads the beginning of a source and prints a CREATE TABLE that reads it: format, columns with types\n"
    "that hold all that was seen, the column that looks like the event time with its watermark, and\n"
    "as comments what the values look like. What it had to guess is said.\n"
    "\n"
    "  data/clicks.json, 'logs/*.csv', folder/     files, also of gzip and zstd\n"
    "  kafka://host:9092/topic, kinesis://stream, s3://bucket/key\n"
    "\n"
    "  --records N           how many records are looked at (default 1000)\n"
    "  --wait DURATION       topics and streams: for how long at most (default 10 s)\n"
    "  --with KEY=VALUE      a further option of the connector; may be repeated\n"
    "  --format FORMAT       json, csv or raw instead of what is guessed\n"
    "  --header yes|no       CSV: whether files begin with the names of columns\n"
    "  --name NAME           of the table; else from the URI\n"
    "  --kinesis-analytics   prints the input schema of Kinesis Data Analytics for SQL instead\n"
    "\n"
    "exit codes: 0 done, 2 wrong usage, 3 the source cannot be read or nothing was recognised\n";

static const char help_import[] =
    "usage: weir import APP.json | -  [OPTIONS]\n"
    "\n"
    "Prints the script that runs an application of Kinesis Data Analytics for SQL: a CREATE STREAM for\n"
    "every input, a CREATE TABLE for every table of reference, the code as it is, and a CREATE TABLE\n"
    "for every output. weir run, check and explain take such descriptions themselves.\n"
    "\n"
    "Understood are what aws kinesisanalytics (or kinesisanalyticsv2) describe-application prints,\n"
    "requests of create-application, templates of CloudFormation with one application, and what\n"
    "terraform show -json prints. All of it is JSON.\n"
    "\n" HELP_APPLICATION "  -q, --quiet           no warnings about what is left out\n"
    "\n"
    "exit codes: 0 done, 2 the description cannot be read, or something of it cannot run\n";

static const struct {
  const char *command, *text;
} helps[] = {
    {"", help_weir},
    {"run", help_run},
    {"serve", help_serve},
    {"top", help_top},
    {"check", help_check},
    {"explain", help_explain},
    {"connectors", help_connectors},
    {"formats", help_formats},
    {"functions", help_functions},
    {"types", help_types},
    {"state", help_state},
    {"savepoint", help_savepoint},
    {"discover", help_discover},
    {"import", help_import},
    {"shell", help_shell},
};

bool wr_help_print(const char *command)
{
  for (size_t i = 0; i < sizeof helps / sizeof *helps; i++) {
    if (strcmp(helps[i].command, command) == 0) {
      fputs(helps[i].text, stdout);
      return true;
    }
  }
  return false;
}

void wr_help_hint(const char *command)
{
  fprintf(stderr, "try: weir help%s%s\n", *command ? " " : "", command);
}
