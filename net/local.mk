# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += net/http.c net/http.h net/sigv4.c net/sigv4.h
libweir_a_SOURCES += net/aws.c net/aws.h net/aws_error.c net/aws_error.h net/aws_options.c net/aws_options.h
libweir_a_SOURCES += net/credential_answer.c net/credential_answer.h net/credential_fetch.h net/credential_plan.c \
	net/credential_plan.h net/credential_process.c net/credential_process.h net/credential_program.c \
	net/credential_sign_on.c net/credentials.c net/credentials.h \
	net/json_object.c net/json_object.h net/profile.c net/profile.h net/sso_token.c net/sso_token.h
