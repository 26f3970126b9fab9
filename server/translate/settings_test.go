package translate_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	translationv1 "github.com/parley-chat/parley/gen/parley/translation/v1"
	"github.com/parley-chat/parley/server/fault"
)

// Spec: C12
func TestSettings_NeverAnswerTheKeyAndSealIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res, err := b.handler.GetTranslationSettings(b.as(t, b.admin), &translationv1.GetTranslationSettingsRequest{})
	require.NoError(t, err)
	require.Zero(t, res.GetSettings().GetProvider())
	require.False(t, res.GetSettings().GetKeySet())

	made := b.choose(t, byLibre, "https://translate.example.com/", libreKey)
	require.True(t, made.GetKeySet())
	require.Equal(t, "https://translate.example.com", made.GetBaseUrl())
	res, err = b.handler.GetTranslationSettings(b.as(t, b.admin), &translationv1.GetTranslationSettingsRequest{})
	require.NoError(t, err)
	require.NotContains(t, prototext.Format(made)+prototext.Format(res), libreKey)
	var stored []byte
	require.NoError(t, b.db.QueryRow(t.Context(), "SELECT api_key FROM translation_setting").Scan(&stored))
	require.NotContains(t, string(stored), libreKey)

	other := b.admin
	other.Workspace = uuid.New()
	res, err = b.handler.GetTranslationSettings(b.as(t, other), &translationv1.GetTranslationSettingsRequest{})
	require.NoError(t, err)
	require.Zero(t, res.GetSettings().GetProvider())
}

// A key goes to nobody but whom it was entered for.
//
// Spec: C12
func TestSettings_ANewTargetDropsTheKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	update := func(s *translationv1.TranslationSettings, key *string, mask ...string) *translationv1.TranslationSettings {
		t.Helper()
		res, err := b.handler.UpdateTranslationSettings(b.as(t, b.admin), &translationv1.UpdateTranslationSettingsRequest{
			Settings: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}, Key: key,
		})
		require.NoError(t, err)
		return res.GetSettings()
	}
	key, none := libreKey, ""
	first := &translationv1.TranslationSettings{Provider: byLibre, BaseUrl: "https://one.example"}
	require.True(t, update(first, &key).GetKeySet())
	require.True(t, update(first, nil).GetKeySet(), "what stays the same keeps the key")
	require.False(t, update(&translationv1.TranslationSettings{BaseUrl: "https://two.example"}, nil, "base_url").GetKeySet())
	require.True(t, update(&translationv1.TranslationSettings{BaseUrl: "https://three.example"}, &key, "base_url").GetKeySet())
	require.False(t, update(&translationv1.TranslationSettings{Provider: byGoogle}, nil, "provider").GetKeySet())
	require.True(t, update(first, &key).GetKeySet())
	require.False(t, update(first, &none).GetKeySet())
}

// Spec: C12
func TestSettings_RefuseAddressesThatAreNotCalled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	try := func(p translationv1.TranslationProvider, address string) error {
		_, err := b.handler.UpdateTranslationSettings(b.as(t, b.admin), &translationv1.UpdateTranslationSettingsRequest{
			Settings: &translationv1.TranslationSettings{Provider: p, BaseUrl: address},
		})
		return err
	}
	requireFault(t, try(byLibre, ""), fault.Invalid, "BASE_URL_MISSING")
	requireFault(t, try(byLibre, "gopher://translate.example"), fault.Invalid, "ADDRESS_INVALID")
	requireFault(t, try(byLibre, "https://user:pass@translate.example"), fault.Invalid, "ADDRESS_INVALID")
	for _, address := range []string{"http://169.254.169.254", "http://10.0.0.1:5000", "http://[::1]:5000", "http://2130706433"} {
		requireFault(t, try(byGoogle, address), fault.Invalid, "ADDRESS_REFUSED")
	}
	_, err := b.handler.UpdateTranslationSettings(b.as(t, b.admin), &translationv1.UpdateTranslationSettingsRequest{
		Settings: &translationv1.TranslationSettings{}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"key_set"}},
	})
	requireFault(t, err, fault.Invalid, "UPDATE_MASK_INVALID")

	// A name is judged when it is called.
	require.NoError(t, try(byLibre, "http://localhost.example.invalid"))
	m := b.post(t, "Good morning", false)
	_, err = b.translate(t, b.admin, &m, "sv")
	requireFault(t, err, fault.Unavailable, "TRANSLATOR_UNREACHABLE")
	require.NoError(t, try(byLibre, "http://localhost:1"))
	_, err = b.translate(t, b.admin, &m, "sv")
	require.Error(t, err)
}
