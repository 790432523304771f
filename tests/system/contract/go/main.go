// Reads all pages as typed records, a file and a feed: walk ADDRESS DATASET
package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"

	client "github.com/GIT_USER_ID/GIT_REPO_ID"
)

func main() {
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: os.Args[1]}}
	api, ctx, dataset := client.NewAPIClient(configuration), context.Background(), os.Args[2]
	var records []client.RecordItem
	for cursor := ""; ; {
		request := api.RecordsAPI.ListRecords(ctx, dataset).Limit(1)
		if cursor != "" {
			request = request.Cursor(cursor)
		}
		page, _, err := request.Execute()
		check(err)
		records = append(records, page.Records...)
		if !page.Links.Next.IsSet() || page.Links.Next.Get() == nil {
			break
		}
		next, err := url.Parse(*page.Links.Next.Get())
		check(err)
		cursor = next.Query().Get("cursor")
	}
	file, _, err := api.FilesAPI.GetFile(ctx, dataset, "csv").Execute()
	check(err)
	rows, err := csv.NewReader(file).ReadAll()
	check(err)
	if len(rows) != len(records)+1 {
		log.Fatalf("%d rows of %d records", len(rows)-1, len(records))
	}
	feed, _, err := api.FeedsAPI.GetAtomFeed(ctx, dataset).Execute()
	check(err)
	if !strings.Contains(feed, "<feed") {
		log.Fatalf("no feed: %s", feed)
	}
	for _, record := range records {
		fmt.Println(record.Content["name"])
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
