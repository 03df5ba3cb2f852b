# SPDX-License-Identifier: Apache-2.0
"""Access to AWS, against moto, which works signatures out for itself and asks policies who may do what. The stream that
is read does not exist: whoever is told so has been let in."""
import os

from kinesis_server import Kinesis
from moto_server import Moto, environment, shared_files
from program import expect

NO_BROKER = True
FAILED = 3  # exit code
LET_IN = "ResourceNotFoundException"

READ = """
CREATE TABLE t (n INT) WITH ('connector' = 'kinesis', 'stream' = 'nowhere', 'format' = 'json',
  'source.init.position' = 'TRIM_HORIZON'%s);
SELECT n FROM t;
"""


def options(**values):
    """underlines in names stand for what Python cannot write: one for a full stop, two for a minus"""
    return "".join(", '%s' = '%s'" % (name.replace("__", "-").replace("_", "."), value)
                   for name, value in values.items())


def expect_answer(case, moto, secret, *parts, **values):
    """what weir says in the end, while moto looks at every signature"""
    with moto.guarded():
        program = case.run(READ % options(aws_max__attempts="1", **values), code=FAILED)
    program.expect_message("kinesis in us-east-1", *parts)
    expect(secret not in program.message() + "".join(program.out), "a secret was told")


def test_signatures(case):
    """Keys of options and of the environment sign what moto accepts; a wrong secret is refused, by name and without
    showing it."""
    moto = Moto()
    key, secret = moto.user("kinesis:*")
    with environment(case, AWS_ENDPOINT_URL=moto.endpoint, AWS_REGION="us-east-1"):
        basic = {"aws_credentials_basic_accesskeyid": key, "aws_credentials_basic_secretkey": secret}
        expect_answer(case, moto, secret, LET_IN, **basic)
        basic["aws_credentials_basic_secretkey"] = "not" + secret[3:]
        expect_answer(case, moto, secret[3:], "SignatureDoesNotMatch", **basic)
    with environment(case, AWS_ENDPOINT_URL_KINESIS=moto.endpoint, AWS_DEFAULT_REGION="us-east-1",
                     AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret):
        expect_answer(case, moto, secret, LET_IN)
    stranger, its_secret = moto.user("s3:*")
    with environment(case, AWS_ENDPOINT_URL=moto.endpoint, AWS_REGION="us-east-1", AWS_ACCESS_KEY_ID=stranger,
                     AWS_SECRET_ACCESS_KEY=its_secret):
        expect_answer(case, moto, its_secret, "AccessDenied")


def test_roles(case):
    """A profile whose role is assumed with a role that is assumed with keys may do what neither the keys nor the first
    role may; so may a role of options. sts too is asked with signatures that are right."""
    moto = Moto()
    key, secret = moto.user("sts:AssumeRole")
    first, second = moto.role("sts:AssumeRole"), moto.role("kinesis:*")
    shared_files(case, "[keys]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (key, secret),
                 "[profile first]\nrole_arn = %s\nsource_profile = keys\nrole_session_name = one\n"
                 "[profile second]\nrole_arn = %s\nsource_profile = first\nregion = us-east-1\n"
                 "endpoint_url = %s\n" % (first, second, moto.endpoint))
    with environment(case, AWS_PROFILE="second"):
        expect_answer(case, moto, secret, LET_IN)
    with environment(case, AWS_ENDPOINT_URL=moto.endpoint, AWS_REGION="us-east-1"):
        role = {"aws_credentials_provider": "ASSUME_ROLE", "aws_credentials_profile_name": "keys",
                "aws_credentials_role_sessionName": "weir-test", "aws_credentials_role_externalId": "e/x"}
        expect_answer(case, moto, secret, LET_IN, aws_credentials_role_arn=second, **role)
        expect_answer(case, moto, secret, "AccessDenied", "/weir-test", aws_credentials_role_arn=first, **role)
        wrong = {"aws_credentials_basic_accesskeyid": key, "aws_credentials_basic_secretkey": "not" + secret[3:],
                 "aws_credentials_role_arn": second}
        expect_answer(case, moto, secret[3:], "no credentials for AWS from sts", "SignatureDoesNotMatch", **wrong)
    with environment(case, AWS_ENDPOINT_URL=moto.endpoint, AWS_REGION="us-east-1", AWS_PROFILE="keys"):
        expect_answer(case, moto, secret, "AccessDenied")


def test_programs(case):
    """Keys that a program prints are those of a call, and of a role that is assumed with them; a program that fails is named,
    and nothing that it says is shown."""
    moto = Moto()
    key, secret = moto.user("sts:AssumeRole")
    role = moto.role("kinesis:*")
    script = os.path.join(case.folder, "print keys")
    with open(script, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n[ $# = 1 ] || { echo %s; echo %s >&2; exit 9; }\n" % (secret, secret) +
                "echo '{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%s\"}'\n" % (key, secret))
    os.chmod(script, 0o700)
    shared_files(case, config="[profile keys]\ncredential_process = '%s' \"a $HOME; b\"\n" % script +
                 "[profile role]\nrole_arn = %s\nsource_profile = keys\n" % role +
                 "[profile fails]\ncredential_process = '%s' %s b\n" % (script, secret))
    for profile, parts in (("role", [LET_IN]), ("keys", ["AccessDenied"]), ("fails", ["the program of the profile 'fails': '%s' "
                                                                                   "has ended with exit code 9" % script])):
        with environment(case, AWS_ENDPOINT_URL=moto.endpoint, AWS_REGION="us-east-1", AWS_PROFILE=profile):
            expect_answer(case, moto, secret, *parts)


def test_certificates(case):
    """A server is believed if the file of authorities, or nobody, says so; else it is refused at once, not tried again."""
    server = Kinesis("kinesis-local")
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_KINESIS": server.tls}
    with environment(case, **keys):
        program = case.run(READ % "", code=FAILED)
        program.expect_message("kinesis in us-east-1: the certificate of 127.0.0.1:", "is not trusted", "'aws.ca-file' or AWS_CA_BUNDLE")
        for trust in ({"aws_ca__file": server.ca_file}, {"aws_trust_all_certificates": "true"}):
            case.run(READ % options(**trust), code=FAILED).expect_message(LET_IN)
    with environment(case, AWS_CA_BUNDLE=server.ca_file, **keys):
        case.run(READ % "", code=FAILED).expect_message(LET_IN)
