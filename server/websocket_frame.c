/* SPDX-License-Identifier: Apache-2.0 */
#include "server/websocket_frame.h"

#include <openssl/evp.h>
#include <string.h>

#include "text/json_write.h"
#include "text/utf8.h"

#define KEY_CHARS    24 /* base64 of 16 bytes */
#define DIGEST_BYTES 20 /* SHA-1 */

static const char accept_salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */

bool wr_websocket_accept(const char *key, char out[WR_WEBSOCKET_ACCEPT_CHARS + 1])
{
  char text[KEY_CHARS + sizeof accept_salt];
  unsigned char digest[DIGEST_BYTES];
  unsigned length = 0;
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (strlen(key) != KEY_CHARS || strspn(key, digits) != KEY_CHARS - 2 ||
      strcmp(key + KEY_CHARS - 2, "==") != 0)
    return false;
  memcpy(text, key, KEY_CHARS);
  memcpy(text + KEY_CHARS, accept_salt, sizeof accept_salt);
  if (EVP_Digest(text, KEY_CHARS + sizeof accept_salt - 1, digest, &length, EVP_sha1(), NULL) != 1)
    return false;
  wr_base64_put((const char *)digest, DIGEST_BYTES, out);
  out[WR_WEBSOCKET_ACCEPT_CHARS] = 0;
  return true;
}

static uint64_t number_read(const unsigned char *bytes, unsigned count)
{
  uint64_t number = 0;
  for (unsigned i = 0; i < count; i++)
    number = number << 8 | bytes[i];
  return number;
}

int wr_websocket_head_read(const char *bytes, size_t length, struct wr_websocket_head *out)
{
  const unsigned char *head = (const unsigned char *)bytes;
  if (length < 2)
    return 0;
  unsigned opcode = head[0] & 15, short_length = head[1] & 127;
  bool is_control = opcode & 8;
  *out = (struct wr_websocket_head){
      .is_final = head[0] >> 7, .opcode = (uint8_t)opcode, .length = short_length};
  if ((head[0] & 0x70) || !(head[1] & 0x80) || (opcode > 2 && opcode < 8) || opcode > 10)
    return -1;
  if (is_control && (!out->is_final || short_length > WR_WEBSOCKET_CONTROL_MAX))
    return -1;
  unsigned extra = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (length < 2 + extra + 4)
    return 0;
  if (extra) {
    out->length = number_read(head + 2, extra);
    if (out->length < 126 || (extra == 8 && (out->length < 65536 || out->length >> 63)))
      return -1;
  }
  memcpy(&out->mask, head + 2 + extra, 4);
  return (int)(2 + extra + 4);
}

size_t wr_websocket_head_write(char out[WR_WEBSOCKET_HEAD_BYTES_MAX], bool is_final,
                               enum wr_websocket_opcode opcode, uint64_t length)
{
  unsigned extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
  out[0] = (char)((is_final ? 0x80 : 0) | opcode);
  out[1] = (char)(extra == 0 ? length : extra == 2 ? 126 : 127);
  for (unsigned i = 0; i < extra; i++)
    out[2 + i] = (char)(length >> 8 * (extra - 1 - i));
  return 2 + extra;
}

void wr_websocket_unmask(char *bytes, size_t length, uint32_t mask)
{
  char key[4];
  memcpy(key, &mask, 4);
  for (size_t i = 0; i < length; i++)
    bytes[i] = (char)(bytes[i] ^ key[i & 3]);
}

bool wr_websocket_close_valid(const char *bytes, size_t length)
{
  if (length == 0)
    return true;
  if (length < 2)
    return false;
  uint64_t code = number_read((const unsigned char *)bytes, 2);
  bool is_known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                  (code >= 3000 && code <= 4999);
  return is_known && wr_utf8_valid(bytes + 2, length - 2);
}
