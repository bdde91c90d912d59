using System.Globalization;
using System.Text.RegularExpressions;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Operator;
using Xunit;

namespace TwoNodeHa.Core.Tests.Docs;

/// <summary>Who is woken by an event finds its number in the table of docs/operating.md.</summary>
public partial class EventTableTests
{
    [Fact]
    public void OperatingPage_HasEachEventOnce_UnderItsName()
    {
        var rows = Rows().ToList();
        var written = rows.SelectMany(row => row.Ids.Select(id => (Id: id, row.Names))).ToList();

        Assert.Equal(Enum.GetValues<HaEventId>().Select(id => (int)id).Order(), written.Select(one => one.Id).Order());
        Assert.All(written, one => Assert.Contains(((HaEventId)one.Id).ToString(), one.Names));
        Assert.All(rows, row => Assert.Equal(row.Ids.Count, row.Names.Length));
    }

    [Fact]
    public void AlertsPage_HasEachMessageWithItsPriority()
    {
        var rows = RepositoryTexts.Page("docs/alerts.md").Split('\n').Where(line => line.StartsWith('|')).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.All(XapiMessage.Names, message => Assert.Single(rows,
            row => row[1].Split(", ").Contains(message.Name) && row[2] == message.Priority.ToString(CultureInfo.InvariantCulture)));
    }

    private static IEnumerable<(List<int> Ids, string[] Names)> Rows()
    {
        var page = RepositoryTexts.Page("docs/operating.md");
        var table = page[page.IndexOf("## Events\n", StringComparison.Ordinal)..page.IndexOf("## Work on the hosts", StringComparison.Ordinal)];
        return from Match row in Row().Matches(table)
               select (Ids(row.Groups["ids"].Value), row.Groups["names"].Value.Split(", "));
    }

    /// <summary><c>1, 3</c> or <c>10–12</c>, where a range has each number that is an event.</summary>
    private static List<int> Ids(string text)
    {
        var ends = text.Split('–');
        return ends.Length == 1 ? [.. text.Split(", ").Select(Number)]
            : [.. Enumerable.Range(Number(ends[0]), Number(ends[1]) - Number(ends[0]) + 1).Where(id => Enum.IsDefined((HaEventId)id))];
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| (?<ids>[0-9–, ]+) \| (?<names>[^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
