// Package blobtest gives tests stores as they are in production: S3 as it is
// spoken over HTTP, and a disk that has no room left.
package blobtest

import (
	"context"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
)

// S3Variable names a server of S3 to test against, such as
// http://127.0.0.1:7070, with credentials in the variables of the AWS SDK.
// Without it each test has a server of its own in its process.
const S3Variable = "PARLEY_TEST_S3_URL"

// What the server in the process takes.
const (
	region = "us-east-1"
	user   = "test"
	secret = "test-secret"
)

var credentials = sync.OnceValue(func() aws.Credentials {
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": secret} {
		if os.Getenv(name) == "" {
			if err := os.Setenv(name, value); err != nil { // the whole binary's: where the SDK looks
				return aws.Credentials{}
			}
		}
	}
	return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
})

// S3 is the address of a new bucket, as blob.Open takes it.
func S3(t testing.TB) string {
	t.Helper()
	given := credentials()
	endpoint := os.Getenv(S3Variable)
	if endpoint == "" {
		server := httptest.NewServer(gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
		t.Cleanup(server.Close)
		endpoint = server.URL
	}
	name := "parley-" + strings.ReplaceAll(uuid.NewString(), "-", "")
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), Region: region, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return given, nil }),
	})
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)})
	require.NoError(t, err)
	return "s3://" + name + "?" + url.Values{
		"region": {region}, "endpoint": {endpoint}, "use_path_style": {"true"}, "disable_https": {"true"},
	}.Encode()
}
