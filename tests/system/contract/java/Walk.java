import java.io.File;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.FeedsApi;
import org.openapitools.client.api.FilesApi;
import org.openapitools.client.api.RecordsApi;
import org.openapitools.client.model.RecordItem;
import org.openapitools.client.model.Records;

/** Reads all pages as typed records, a file and a feed: Walk ADDRESS DATASET. */
public final class Walk {
  public static void main(String[] arguments) throws Exception {
    ApiClient client = new ApiClient().setBasePath(arguments[0]);
    String dataset = arguments[1];
    List<RecordItem> records = new ArrayList<>();
    String cursor = null;
    do {
      Records page = new RecordsApi(client)
          .listRecords(dataset, null, null, null, null, 1, cursor, null, null, null);
      records.addAll(page.getRecords());
      cursor = page.getLinks().getNext() == null ? null : readCursor(page.getLinks().getNext());
    } while (cursor != null);
    File file = new FilesApi(client).getFile(dataset, "csv", null, null, null, null);
    if (Files.readAllLines(file.toPath()).size() != records.size() + 1) {
      throw new AssertionError("the file has other rows");
    }
    String feed = new FeedsApi(client).getAtomFeed(dataset, null, null, null, null, null, null);
    if (!feed.contains("<feed")) {
      throw new AssertionError(feed);
    }
    for (RecordItem record : records) {
      System.out.println(((Map<?, ?>) record.getContent()).get("name"));
    }
  }

  private static String readCursor(String next) throws Exception {
    for (String pair : URI.create(next).getRawQuery().split("&")) {
      if (pair.startsWith("cursor=")) {
        return URLDecoder.decode(pair.substring(7), "UTF-8");
      }
    }
    throw new AssertionError(next);
  }
}
