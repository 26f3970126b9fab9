package translate_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/parley-chat/parley/server/access"
	"github.com/parley-chat/parley/server/fault"
	"github.com/parley-chat/parley/server/rpc"
	"github.com/parley-chat/parley/server/thread"
	"github.com/parley-chat/parley/server/translate"
)

// Spec: C12
func TestTranslate_ByEitherProvider(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(t, "Tea & <milk>, don't you think?\n\nYes.", false)
	_, err := b.translate(t, b.admin, &m, "")
	requireFault(t, err, fault.Precondition, "TRANSLATION_NOT_SET_UP")

	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	res, err := b.translate(t, b.admin, &m, "")
	require.NoError(t, err)
	require.Equal(t, "sv: "+m.Body, res.GetText(), "the reader's language, entities decoded")
	require.Equal(t, "sv", res.GetLanguage())
	require.Equal(t, "en", res.GetSourceLanguage())
	require.Equal(t, byGoogle, res.GetProvider())
	require.NotContains(t, strings.Join(google.raw, ""), googleKey, "the key is in no address")

	address, libre := newLibre(t)
	b.choose(t, byLibre, address+"/", libreKey)
	res, err = b.translate(t, b.admin, &m, "uk-UA")
	require.NoError(t, err)
	require.Equal(t, "uk: "+m.Body, res.GetText())
	require.Equal(t, byLibre, res.GetProvider())
	res, err = b.translate(t, b.admin, &m, "zh-CN")
	require.NoError(t, err)
	require.Equal(t, "zh-Hans", res.GetLanguage())
	require.Equal(t, []string{"uk", "zh-Hans", "zh"}, libre.targets, "older servers know Chinese by its old name")
}

// A second reader of the same language makes no call, nor does one of another
// region; another language does.
//
// Spec: C12
func TestTranslate_AsksOnceForEachLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	m := b.post(t, "Good morning", false)
	second := b.admin
	second.ID, second.Locale = uuid.New(), "sv-FI"
	for range 2 {
		for _, c := range []access.Caller{b.admin, second} {
			res, err := b.translate(t, c, &m, "")
			require.NoError(t, err)
			require.Equal(t, "sv: Good morning", res.GetText())
		}
	}
	require.Equal(t, 1, google.count())
	_, err := b.translate(t, second, &m, "it")
	require.NoError(t, err)
	require.Equal(t, []string{"sv", "it"}, google.targets)

	b.choose(t, 0, "", "")
	_, err = b.translate(t, second, &m, "it")
	require.NoError(t, err, "what is known needs no provider")
}

// Spec: C12
func TestTranslate_EditsAndDeletionsDropWhatWasKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	m := b.post(t, "Good morning", false)
	_, err := b.translate(t, b.admin, &m, "")
	require.NoError(t, err)
	change := thread.Change{Workspace: b.workspace, Thread: b.thread, Message: m.ID, Editor: b.admin}
	_, err = b.log.Edit(t.Context(), change, "Good evening")
	require.NoError(t, err)
	require.Zero(t, b.kept(t))
	res, err := b.translate(t, b.admin, &m, "")
	require.NoError(t, err)
	require.Equal(t, "sv: Good evening", res.GetText())
	require.Equal(t, 2, google.count())

	_, err = b.log.Delete(t.Context(), change)
	require.NoError(t, err)
	require.Zero(t, b.kept(t), "nothing of what was taken back stays")
	_, err = b.translate(t, b.admin, &m, "")
	requireFault(t, err, fault.Precondition, "NOTHING_TO_TRANSLATE")

	gone := b.post(t, "Good night", false)
	_, err = b.translate(t, b.admin, &gone, "")
	require.NoError(t, err)
	require.NoError(t, b.log.Drop(t.Context(), b.db, b.workspace, b.thread))
	require.Zero(t, b.kept(t))
}

// A translation that arrives after its text was changed is not kept.
//
// Spec: C12
func TestTranslate_KeepsNothingOfATextThatChangedMeanwhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	m := b.post(t, "Good morning", false)
	google.hold = make(chan struct{})
	answered := make(chan error, 1)
	go func() {
		_, err := b.translate(t, b.admin, &m, "")
		answered <- err
	}()
	require.Eventually(t, func() bool { return google.count() == 1 }, 5*time.Second, time.Millisecond)
	_, err := b.log.Edit(t.Context(), thread.Change{Workspace: b.workspace, Thread: b.thread, Message: m.ID, Editor: b.admin}, "Good evening")
	require.NoError(t, err)
	close(google.hold)
	require.NoError(t, <-answered)
	require.Zero(t, b.kept(t))
}

func (b *bundle) kept(t *testing.T) int {
	t.Helper()
	var n int
	require.NoError(t, b.db.QueryRow(t.Context(), "SELECT count(*) FROM message_translation WHERE workspace_id = $1", b.workspace).Scan(&n))
	return n
}

// Spec: C12
func TestTranslate_ManyAtOnceMakeOneCall(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	m := b.post(t, "Good morning", false)
	google.hold = make(chan struct{})
	var group sync.WaitGroup
	started := make(chan struct{}, 8)
	for range 8 {
		group.Go(func() {
			started <- struct{}{}
			res, err := b.translate(t, b.admin, &m, "")
			if err != nil || res.GetText() != "sv: Good morning" {
				t.Errorf("%v %v", res, err)
			}
		})
	}
	for range 8 {
		<-started
	}
	require.Eventually(t, func() bool { return google.count() == 1 }, 5*time.Second, time.Millisecond)
	close(google.hold)
	group.Wait()
	require.Equal(t, 1, google.count())
}

// Users may have a note translated; those outside get nothing at all, and nobody
// what they may not read.
//
// Spec: C12 C4
func TestTranslate_IsForThoseWhoMayRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	note := b.post(t, "Between us", true)
	res, err := b.translate(t, b.admin, &note, "")
	require.NoError(t, err)
	require.Equal(t, "sv: Between us", res.GetText())

	for name, c := range map[string]access.Caller{
		"nobody":            {},
		"visitor":           {Kind: access.Visitor, Workspace: b.workspace, ID: uuid.New()},
		"another workspace": {Kind: access.User, Workspace: uuid.New(), ID: uuid.New(), Role: b.admin.Role},
	} {
		_, err := b.translate(t, c, &note, "sv")
		require.ErrorIs(t, err, access.ErrThreadNotFound, name)
	}
	missing := note
	missing.ID = uuid.New()
	_, err = b.translate(t, b.admin, &missing, "sv")
	require.ErrorIs(t, err, thread.ErrNoMessage)
	require.Equal(t, 1, google.count())
}

// Spec: C12
func TestTranslate_SaysWhatTheProviderMeans(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(t, "Good morning", false)
	googleAddress, google := newGoogle(t)
	libreAddress, libre := newLibre(t)
	fails := func(r *requests, status int, header, value string) {
		r.set(func() {
			r.fail = func(w http.ResponseWriter) bool {
				w.Header().Set(header, value)
				answerJSON(w, status, object{"error": "secret inside"})
				return true
			}
		})
	}
	for _, asked := range []*requests{google, libre} {
		b.choose(t, byGoogle, googleAddress, googleKey)
		if asked == libre {
			b.choose(t, byLibre, libreAddress, libreKey)
		}
		_, err := b.translate(t, b.admin, &m, "tlh")
		requireFault(t, err, fault.Invalid, "LANGUAGE_UNSUPPORTED")
		fails(asked, http.StatusTooManyRequests, "Retry-After", "30")
		_, err = b.translate(t, b.admin, &m, "sv")
		require.Equal(t, 30*time.Second, requireFault(t, err, fault.Exhausted, "TRANSLATION_LIMIT").RetryAfter)
		fails(asked, http.StatusServiceUnavailable, "", "")
		_, err = b.translate(t, b.admin, &m, "sv")
		require.NotZero(t, requireFault(t, err, fault.Unavailable, "TRANSLATOR_UNREACHABLE").RetryAfter)
		fails(asked, http.StatusForbidden, "", "")
		_, err = b.translate(t, b.admin, &m, "sv")
		requireFault(t, err, fault.Precondition, "TRANSLATION_REFUSED")
		require.NotContains(t, err.Error(), "secret inside")
		asked.set(func() {
			asked.fail = func(w http.ResponseWriter) bool { _, _ = w.Write([]byte("<html>")); return true }
		})
		_, err = b.translate(t, b.admin, &m, "sv")
		requireFault(t, err, fault.Precondition, "TRANSLATION_REFUSED")
	}
	google.set(func() {
		google.fail = func(w http.ResponseWriter) bool {
			googleFailure(w, http.StatusForbidden, "User Rate Limit Exceeded", "userRateLimitExceeded", "PERMISSION_DENIED")
			return true
		}
	})
	b.choose(t, byGoogle, googleAddress, googleKey)
	_, err := b.translate(t, b.admin, &m, "sv")
	requireFault(t, err, fault.Exhausted, "TRANSLATION_LIMIT")
	google.set(func() { google.fail = nil })
	b.choose(t, byGoogle, googleAddress, "wrong key")
	_, err = b.translate(t, b.admin, &m, "sv")
	requireFault(t, err, fault.Precondition, "TRANSLATION_REFUSED")
	for _, language := range []string{"x", "not a language", "und", "1234"} {
		_, err = b.translate(t, b.admin, &m, language)
		requireFault(t, err, fault.Invalid, "LANGUAGE_INVALID")
	}
	for _, secret := range []string{googleKey, libreKey, "wrong key", "secret inside", "Good morning", "127.0.0.1"} {
		require.NotContains(t, b.logged.String(), secret)
	}
	require.Zero(t, b.kept(t), "a failure is not kept")
}

// When the provider is away the message is as it was, and is translated when it
// is back.
//
// Spec: C12
func TestTranslate_LosesNothingWhenNobodyAnswers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := b.post(t, "Good morning", false)
	address, _ := newGoogle(t)
	b.choose(t, byGoogle, "http://127.0.0.1:1/language/translate/v2", googleKey)
	_, err := b.translate(t, b.admin, &m, "sv")
	require.NotZero(t, requireFault(t, err, fault.Unavailable, "TRANSLATOR_UNREACHABLE").RetryAfter)
	stored, err := b.log.Get(t.Context(), b.workspace, b.thread, m.ID)
	require.NoError(t, err)
	require.Equal(t, "Good morning", stored.Body)
	b.choose(t, byGoogle, address, googleKey)
	res, err := b.translate(t, b.admin, &m, "sv")
	require.NoError(t, err)
	require.Equal(t, "sv: Good morning", res.GetText())
}

// Spec: C12
func TestTranslate_ShowsOnlyText(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	m := b.post(t, "Hi", false)
	google.fail = func(w http.ResponseWriter) bool {
		answerJSON(w, http.StatusOK, object{"data": object{"translations": []object{{
			"translatedText":         "a\u0000b\u001b[31m&lt;script&gt;\u202Etxt\u2069\r\nc\td" + strings.Repeat("x", 5000),
			"detectedSourceLanguage": "en\u0007",
		}}}})
		return true
	}
	res, err := b.translate(t, b.admin, &m, "sv")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(res.GetText(), "ab[31m<script>txt\nc\td"), "%q", res.GetText()[:40])
	require.Len(t, []rune(res.GetText()), 6*2+200)
	require.Equal(t, "en", res.GetSourceLanguage())
}

// Spec: C12
func TestTranslate_TakesLongTextsInPieces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	address, libre := newLibre(t)
	b.choose(t, byLibre, address, libreKey)
	line := strings.Repeat("word ", 200) + "end"
	m := b.post(t, strings.Join([]string{line, line, line, line}, "\n\n"), false)
	res, err := b.translate(t, b.admin, &m, "sv")
	require.NoError(t, err)
	require.Equal(t, m.Body, strings.ReplaceAll(res.GetText(), "sv: ", ""), "all of it, in its order, with its lines")
	require.Greater(t, libre.count(), 1)
	for _, text := range libre.texts {
		require.LessOrEqual(t, len([]rune(text)), 2000)
	}
}

func TestTranslate_BoundsWhatOneUserSends(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *translate.Config) { c.Limit = rpc.Limit{Count: 2, Per: time.Minute} })
	address, google := newGoogle(t)
	b.choose(t, byGoogle, address, googleKey)
	for i := range 3 {
		m := b.post(t, "Good morning "+string(rune('a'+i)), false)
		_, err := b.translate(t, b.admin, &m, "sv")
		if i < 2 {
			require.NoError(t, err)
			continue
		}
		require.NotZero(t, requireFault(t, err, fault.Exhausted, "TRANSLATION_LIMIT").RetryAfter)
	}
	require.Equal(t, 2, google.count())
}
