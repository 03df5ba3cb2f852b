/* SPDX-License-Identifier: Apache-2.0 */
/* Where clients of AWS go: ARNs; region and endpoint from options, environment and profile. */
#include <stdio.h>
#include <string.h>

#include "net/aws.h"
#include "tests/unit/aws_environment.h"
#include "tests/unit/check.h"

static void test_arn(void)
{
  static const struct {
    const char *arn;
    bool good;
    const char *parts;
  } rows[] = {
      {"arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", true,
       "aws|kinesis|eu-west-1|123456789012|stream/clicks"},
      {"arn:aws-cn:s3:::bucket/a:b", true, "aws-cn|s3|||bucket/a:b"},
      {"arn:aws:kinesis:eu-west-1:123456789012:", false, ""},
      {"arn:aws:kinesis:eu-west-1:123456789012", false, ""},
      {"arn::kinesis:eu-west-1:1:x", false, ""},
      {"clicks", false, ""},
      {"", false, ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_aws_arn arn;
    bool good = wr_aws_arn_parse(rows[i].arn, &arn);
    CU_ASSERT_EQUAL(good, rows[i].good);
    if (!good)
      continue;
    char parts[256];
    snprintf(parts, sizeof parts, "%.*s|%.*s|%.*s|%.*s|%.*s", (int)arn.partition.length,
             arn.partition.bytes, (int)arn.service.length, arn.service.bytes,
             (int)arn.region.length, arn.region.bytes, (int)arn.account.length, arn.account.bytes,
             (int)arn.resource.length, arn.resource.bytes);
    WR_CHECK(strcmp(parts, rows[i].parts) == 0, "%s", parts);
  }
}

struct place_row {
  const char *what, *service, *region, *options[4], *variables[4], *config;
  const char *expected; /* "region endpoint", or a part of the error */
};

static const struct place_row place_rows[] = {
    {"an ARN's region comes first",
     "kinesis",
     "us-east-2",
     {"aws.region", "eu-west-1"},
     {0},
     "",
     "us-east-2 https://kinesis.us-east-2.amazonaws.com"},
    {"an option before the environment",
     "s3",
     NULL,
     {"aws.region", "eu-west-1"},
     {"AWS_REGION=us-west-1"},
     "",
     "eu-west-1 https://s3.eu-west-1.amazonaws.com"},
    {"AWS_REGION before the other",
     "kinesis",
     NULL,
     {0},
     {"AWS_DEFAULT_REGION=us-west-1", "AWS_REGION=us-west-2"},
     "",
     "us-west-2 https://kinesis.us-west-2.amazonaws.com"},
    {"AWS_DEFAULT_REGION",
     "kinesis",
     NULL,
     {0},
     {"AWS_DEFAULT_REGION=us-west-1"},
     "[default]\nregion=x\n",
     "us-west-1 https://kinesis.us-west-1.amazonaws.com"},
    {"the profile",
     "kinesis",
     NULL,
     {0},
     {"AWS_PROFILE=p"},
     "[default]\nregion = x\n[profile p]\nregion = y-1\n",
     "y-1 https://kinesis.y-1.amazonaws.com"},
    {"China",
     "kinesis",
     "cn-north-1",
     {0},
     {0},
     "",
     "cn-north-1 https://kinesis.cn-north-1.amazonaws.com.cn"},
    {"GovCloud",
     "firehose",
     "us-gov-west-1",
     {0},
     {0},
     "",
     "us-gov-west-1 https://firehose.us-gov-west-1.amazonaws.com"},
    {"isolated",
     "s3",
     "us-isob-east-1",
     {0},
     {0},
     "",
     "us-isob-east-1 https://s3.us-isob-east-1.sc2s.sgov.gov"},
    {"an endpoint",
     "kinesis",
     "r",
     {"aws.endpoint", "http://localhost:4567/"},
     {"AWS_ENDPOINT_URL_KINESIS=http://other"},
     "",
     "r http://localhost:4567"},
    {"a service's variable",
     "kinesis",
     "r",
     {0},
     {"AWS_ENDPOINT_URL=http://all", "AWS_ENDPOINT_URL_KINESIS=http://one:1/path"},
     "",
     "r http://one:1/path"},
    {"the variable of all",
     "s3",
     "r",
     {0},
     {"AWS_ENDPOINT_URL=http://all", "AWS_ENDPOINT_URL_KINESIS=http://one"},
     "",
     "r http://all"},
    {"a profile's services",
     "kinesis",
     "r",
     {0},
     {0},
     "[default]\nservices = l\nendpoint_url = http://all\n[services l]\ns3 =\n  endpoint_url = "
     "http://s3\nkinesis =\n  endpoint_url = http://k\n",
     "r http://k"},
    {"a profile's endpoint",
     "firehose",
     "r",
     {0},
     {0},
     "[default]\nendpoint_url = http://all # x\n",
     "r http://all"},
    {"ignored",
     "firehose",
     "r",
     {0},
     {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
     "[default]\nendpoint_url = http://all\n",
     "r https://firehose.r.amazonaws.com"},
    {"no region", "kinesis", NULL, {0}, {0}, "", "no region is given for kinesis"},
    {"a bad region",
     "kinesis",
     NULL,
     {"aws.region", "evil.com/"},
     {0},
     "",
     "'evil.com/' is no region"},
    {"a bad endpoint",
     "kinesis",
     "r",
     {"aws.endpoint", "localhost:4567"},
     {0},
     "",
     "the endpoint 'localhost:4567' is not of the form"},
    {"a query", "kinesis", "r", {"aws.endpoint", "http://x/?a"}, {0}, "", "is not of the form"},
    {"bad attempts",
     "kinesis",
     "r",
     {"aws.max-attempts", "0"},
     {0},
     "",
     "the number of attempts is '0', but must be 1 to 1000"},
    {"bad attempts of the environment",
     "kinesis",
     "r",
     {0},
     {"AWS_MAX_ATTEMPTS=many"},
     "",
     "the number of attempts is 'many'"},
    {"no authorities",
     "kinesis",
     "r",
     {"aws.ca-file", "/no/such.pem"},
     {0},
     "",
     "cannot read the file of trusted authorities '/no/such.pem'"},
    {"a broken file",
     "kinesis",
     "r",
     {0},
     {0},
     "[default]\nregion\n",
     "is neither '[section]' nor 'key = value'"},
};

/* Region and endpoint from options, environment and profile. */
static void test_places(void)
{
  for (size_t i = 0; i < WR_COUNT(place_rows); i++) {
    aws_environment_begin();
    aws_environment_set(
        (const char *const[]){"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", NULL});
    char *const none = NULL;
    const char *variables[5] = {place_rows[i].variables[0], place_rows[i].variables[1],
                                place_rows[i].variables[2], place_rows[i].variables[3], none};
    aws_environment_set(variables);
    aws_environment_file("config", place_rows[i].config);
    struct wr_option_value values[2] = {
        {.key = place_rows[i].options[0], .value = place_rows[i].options[1]},
        {.key = place_rows[i].options[2], .value = place_rows[i].options[3]}};
    struct wr_options options = {values, place_rows[i].options[2]   ? 2
                                         : place_rows[i].options[0] ? 1
                                                                    : 0};
    struct wr_aws_settings settings = {
        .service = place_rows[i].service, .options = &options, .region = place_rows[i].region};
    struct wr_aws *aws = NULL;
    struct wr_error err;
    char text[900];
    enum wr_code code = wr_aws_open(&settings, &aws, &err);
    if (code)
      snprintf(text, sizeof text, "%s", err.message);
    else
      snprintf(text, sizeof text, "%s %s", wr_aws_region(aws), wr_aws_endpoint(aws));
    WR_CHECK(code ? strstr(text, place_rows[i].expected) != NULL
                  : strcmp(text, place_rows[i].expected) == 0,
             "%s: %s", place_rows[i].what, text);
    wr_aws_close(aws);
    aws_environment_end();
  }
}

static const struct wr_test tests[] = {{"arn", test_arn}, {"places", test_places}, {NULL, NULL}};

const struct wr_suite wr_suite_aws_place = {"aws_place", tests};
