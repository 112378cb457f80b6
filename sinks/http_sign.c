#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base64.h"
#include "sinks/http.h"

bool wr_sign_key_read(wr_str text, wr_sign_key *out)
{
	if (text.n > 6 && memcmp(text.p, "whsec_", 6) == 0)
		text = (wr_str){ text.p + 6, text.n - 6 };
	if (WR_BASE64_ROOM(text.n) > WR_SIGN_KEY_MAX)
		return false;
	return wr_base64_decode(text, out->bytes, &out->n) && out->n > 0;
}

void wr_sign(const wr_sign_key *key, const char *id, int64_t seconds, wr_str body, wr_buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	wr_buf content = { 0 };

	wr_buf_printf(&content, "%s.%lld.", id, (long long)seconds);
	wr_buf_str(&content, body);
	if (!HMAC(EVP_sha256(), key->bytes, (int)key->n, (const unsigned char *)content.p,
		  content.n, digest, &n))
		WR_BUG("HMAC failed");
	wr_buf_puts(out, "v1,");
	wr_base64_encode((wr_str){ (const char *)digest, n }, out);
	wr_buf_free(&content);
}
