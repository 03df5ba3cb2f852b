/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a service of AWS: signed (Signature Version 4), with credentials that are found and
 * renewed as the AWS CLI does it, tried again where that helps. A client belongs to one thread, and
 * has its own connections and credentials.
 *
 * Credentials are looked for in the order of the CLI: options, environment, web identity, shared
 * files (profiles, with role_arn and source_profile chains), container endpoint, instance metadata
 * (IMDSv2). Secrets never stand in errors.
 */
#ifndef WEIR_NET_AWS_H
#define WEIR_NET_AWS_H

#include "core/options.h"
#include "net/http.h"

struct wr_aws; /* a client of one service in one region */

/* Options that every connector to AWS has; one lists them in its own table by WR_AWS_OPTIONS. */
extern const struct wr_option wr_aws_options[];
/* clang-format off */
#define WR_AWS_OPTIONS \
  {.name = "aws.region", .help = "The region, e.g. eu-west-1. Without it: that of the ARN, " \
   "AWS_REGION, AWS_DEFAULT_REGION, the profile's."}, \
  {.name = "aws.endpoint", .help = "Where the service is, if not at its usual address: " \
   "'http://localhost:4567'. Without it: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the " \
   "profile's endpoint_url."}, \
  {.name = "aws.ca-file", .help = "A PEM file of the authorities that are trusted. Without it: " \
   "AWS_CA_BUNDLE, the profile's ca_bundle, the system's."}, \
  {.name = "aws.trust.all.certificates", .kind = WR_OPTION_BOOL, .fallback = "false", \
   .help = "Certificates are not checked; for tests alone."}, \
  {.name = "aws.max-attempts", .kind = WR_OPTION_INTEGER, \
   .help = "How often a request is sent at most. Without it: AWS_MAX_ATTEMPTS, the profile's " \
   "max_attempts, 8."}, \
  {.name = "aws.credentials.provider", .kind = WR_OPTION_CHOICE, .fallback = "AUTO", \
   .choices = "AUTO|BASIC|ENV_VAR|PROFILE|ASSUME_ROLE|WEB_IDENTITY_TOKEN", \
   .help = "Where credentials come from. AUTO: from the options below, else as the AWS CLI " \
   "finds them."}, \
  {.name = "aws.credentials.basic.accesskeyid", .help = "BASIC: the id of an access key."}, \
  {.name = "aws.credentials.basic.secretkey", .secret = true, .help = "BASIC: its secret."}, \
  {.name = "aws.credentials.basic.sessiontoken", .secret = true, \
   .help = "BASIC: the session token of temporary credentials."}, \
  {.name = "aws.credentials.profile.name", .help = "PROFILE: its name. Without it: " \
   "AWS_PROFILE, default."}, \
  {.name = "aws.credentials.profile.path", .help = "PROFILE: the credentials file. Without it: " \
   "AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials."}, \
  {.name = "aws.credentials.role.arn", .help = "ASSUME_ROLE, WEB_IDENTITY_TOKEN: the role."}, \
  {.name = "aws.credentials.role.sessionName", .help = "The name of its session. Without it: " \
   "AWS_ROLE_SESSION_NAME, 'weir'."}, \
  {.name = "aws.credentials.role.externalId", .help = "ASSUME_ROLE: the external id that the " \
   "role asks for."}, \
  {.name = "aws.credentials.role.stsEndpoint", .help = "Where the service sts is. Without it: " \
   "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the region's."}, \
  {.name = "aws.credentials.webIdentityToken.file", .help = "WEB_IDENTITY_TOKEN: the file of " \
   "the token. Without it: AWS_WEB_IDENTITY_TOKEN_FILE."}
/* clang-format on */

struct wr_aws_settings {
  const char *service;              /* as in the signature: "kinesis", "firehose", "s3", "sts" */
  const struct wr_options *options; /* of the table; NULL: only the environment */
  const char *region; /* from an ARN; NULL: options, environment, profile; none: an error */
  void (*note)(void *self,
               const char *message); /* "kinesis in eu-west-1 is away (...), trying again" */
  void *note_self;
};

/* What can be said of options without looking at the machine that will run the job: for planning.
 * wr_aws_open says it again, and the rest. */
enum wr_code wr_aws_check(const struct wr_options *options, struct wr_error *err);

/* Resolves region, endpoint and credentials source; does not talk to the service yet. */
enum wr_code wr_aws_open(const struct wr_aws_settings *settings, struct wr_aws **out,
                         struct wr_error *err);
void wr_aws_close(struct wr_aws *aws);
const char *wr_aws_region(const struct wr_aws *aws);
const char *wr_aws_endpoint(
    const struct wr_aws *aws); /* "https://kinesis.eu-west-1.amazonaws.com" */
struct wr_http *wr_aws_http(struct wr_aws *aws);
/* What was noted of a service that does not answer, or only with 5xx; "" while it does. */
const char *wr_aws_trouble(const struct wr_aws *aws);

struct wr_aws_result {
  enum wr_code code;     /* WR_OK: status 2xx. Else what to tell the caller's caller */
  bool retry;            /* not WR_OK: the cause may pass (it was tried as often as allowed) */
  int status;            /* 0: no answer */
  const char *error;     /* the service's error code, e.g. "ExpiredIteratorException"; "" if none */
  const char *message;   /* its message, or what happened on the way; without secrets */
  const char *operation; /* that was asked for: "ListShards", s3: "GET" */
  const char *hint;      /* what to do about it; NULL: nothing is known */
  struct wr_slice body;  /* of the answer */
  const struct wr_http_header *headers; /* names in lower case */
  uint32_t header_count;
  uint32_t attempts;
};

struct wr_aws_request {
  /* JSON protocols (kinesis, firehose): the target, "Kinesis_20131202.GetRecords"; POST to "/" */
  const char *target;
  /* REST (s3): method, path (not yet escaped), query ("a=b&c" escaped); target is NULL */
  const char *method, *path, *query;
  const char *host_prefix; /* s3: "bucket" in front of the endpoint's host; NULL: none */
  const struct wr_http_header *headers; /* signed as well */
  uint32_t header_count;
  const char *body; /* lent until done */
  size_t body_length;
  int64_t timeout_us; /* of one attempt; as in wr_http_request */
  int64_t quiet_us;
  uint32_t attempts_max; /* 0: the default of aws.max-attempts; 1: once; UINT32_MAX: for ever */
  /* Throttling is the caller's business (it learns its rate): told at once instead of tried again
   */
  bool own_throttling;
  bool (*piece)(void *self, const char *bytes, size_t length); /* see wr_http_request */
  void (*done)(void *self, const struct wr_aws_result *result);
  void *self;
};

struct wr_aws_call;
/* Signs and sends, beginning with the next pump; waits for credentials first if they have to be
 * fetched. Retries happen inside: throttling, 5xx and lost connections with full jitter (100 ms
 * doubling up to 20 s), expired credentials once after renewal, a clock that is off once after
 * correction by the Date header. Pieces that were handed on cannot be taken back: a request whose
 * answer breaks off after the first of them ends, with `retry`. */
enum wr_code wr_aws_start(struct wr_aws *aws, const struct wr_aws_request *request,
                          struct wr_aws_call **out, struct wr_error *err);
void wr_aws_cancel(struct wr_aws_call *call);
void wr_aws_hold(struct wr_aws_call *call, bool hold);
/* As wr_http_pump, which it calls; also starts attempts that are due and renews credentials. */
uint32_t wr_aws_pump(struct wr_aws *aws, int wait_ms);

/* One request, waiting for its end (for use where nothing else can go on: discovery, start); other
 * requests of the client go on meanwhile. Its own `done` and `self` are not used. The answer's body
 * is copied into *body (free() it), which may be NULL; what else is in *result, which may be NULL
 * too, is good until the next wr_aws_do. A failure fills
 * err: "kinesis in eu-west-1: ResourceNotFoundException: Stream x not found". */
enum wr_code wr_aws_do(struct wr_aws *aws, const struct wr_aws_request *request, char **body,
                       size_t *body_length, struct wr_aws_result *result, struct wr_error *err);
/* The same text, and a hint where there is one, for a failure that came by `done`. */
enum wr_code wr_aws_fail(const struct wr_aws *aws, const char *what,
                         const struct wr_aws_result *result, struct wr_error *err);

/* arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE; parts lie in `arn`. False if it is none. */
struct wr_aws_arn {
  struct wr_slice partition, service, region, account, resource;
};
bool wr_aws_arn_parse(const char *arn, struct wr_aws_arn *out);

#endif
