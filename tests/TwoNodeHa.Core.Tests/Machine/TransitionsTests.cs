using System.Text;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.States;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class TransitionsTests
{
    [Fact]
    public void Table_EveryStateIsReachedAndLeft()
    {
        // Departing is reserved on the wire: an orderly departure of a host is not decided yet.
        foreach (var status in Enum.GetValues<HaStatus>().Where(status => status is not (HaStatus.Unknown or HaStatus.Departing)))
        {
            Assert.Contains(Transitions.Table, row => row.To == status);
            Assert.Contains(Transitions.Table, row => row.From == status);
        }
    }

    [Fact]
    public void Table_NothingStartsBetweenFencingAndFenced() =>
        Assert.Equal([HaStatus.Fenced], Transitions.Table.Where(row => row.From == HaStatus.Fencing).Select(row => row.To));

    [Fact]
    public void Document_SaysWhatTheTableSays()
    {
        var document = Path.Combine(RepositoryRoot(), "docs", "states.md");
        var expected = Render();
        if (Environment.GetEnvironmentVariable("REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(document, expected);
        }

        Assert.True(File.Exists(document), "docs/states.md is missing; run the tests once with REWRITE_GOLDEN=1");
        Assert.Equal(expected, File.ReadAllText(document));
    }

    private static string Render()
    {
        var text = new StringBuilder();
        text.Append("# States of a host\n\nMade from the transition table in `src/TwoNodeHa.Core/States/Transitions.cs` ");
        text.Append("(`REWRITE_GOLDEN=1 dotnet test tests/TwoNodeHa.Core.Tests`). One gate applies transitions and rejects ");
        text.Append("all others.\n\n```mermaid\nstateDiagram-v2\n");
        foreach (var pair in Transitions.Table.Select(row => (row.From, row.To)).Distinct())
        {
            text.Append("    ").Append(pair.From == HaStatus.Unknown ? "[*]" : pair.From.ToString()).Append(" --> ").Append(pair.To).Append('\n');
        }

        text.Append("```\n\n| from | to | when |\n|---|---|---|\n");
        foreach (var row in Transitions.Table)
        {
            text.Append("| ").Append(row.From == HaStatus.Unknown ? "(start)" : row.From.ToString()).Append(" | ").Append(row.To)
                .Append(" | ").Append(row.When).Append(" |\n");
        }

        return text.ToString();
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TwoNodeHa.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("TwoNodeHa.sln is not above the test binaries");
        }

        return folder.FullName;
    }
}
