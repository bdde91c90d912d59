using System.Text;
using Stateless.Graph;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.States;
using TwoNodeHa.Core.Step;
using TwoNodeHa.Core.Tests.Architecture;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class TransitionsTests
{
    [Fact]
    public void Table_EveryStateIsReachedAndLeft()
    {
        foreach (var status in Enum.GetValues<HaStatus>().Where(status => status is not HaStatus.Unknown))
        {
            Assert.Contains(StateGate.Table, row => row.To == status);
            Assert.Contains(StateGate.Table, row => row.From == status);
        }
    }

    [Fact]
    public void Table_EachCauseLeadsWhereTheGateSays()
    {
        Assert.All(StateGate.Table, row => Assert.Equal(StateGate.Target(row.Cause), row.To));
        Assert.All(Enum.GetValues<Cause>(), cause => Assert.Contains(StateGate.Table, row => row.Cause == cause));
    }

    [Fact]
    public void Table_NothingStartsBetweenFencingAndFenced() =>
        Assert.Equal([HaStatus.Fenced], StateGate.Table.Where(row => row.From == HaStatus.Fencing).Select(row => row.To));

    [Fact]
    public void Gate_RejectsACauseThatLeadsNowhereFromHere()
    {
        var draft = DraftOf(Bench.Paired().State);
        var error = Assert.Throws<InvalidOperationException>(() => draft.Become(Cause.FenceVerified, "test"));
        Assert.Equal("no transition from Paired by FenceVerified", error.Message);
        Assert.Equal(HaStatus.Paired, draft.State.Status);
        Assert.Empty(draft.Commands);
    }

    [Fact]
    public void Gate_NamesTheFactsThatAreMissingForATakeover()
    {
        var error = Assert.Throws<InvalidOperationException>(() => DraftOf(Bench.Paired().State).Become(Cause.PermitGranted, "test"));
        Assert.Contains("the intent is in the journal", error.Message, StringComparison.Ordinal);
        Assert.Contains("what the permit stands on holds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gate_TakesNoFenceForDoneThatIsNotVerifiedAndDurable()
    {
        var state = Bench.Paired().State with { Status = HaStatus.Fencing };
        state = state with { Procedures = state.Procedures with { Fence = new FenceProgress { DecidedAt = Instant.FromSeconds(1000), Reason = "test" } } };
        var error = Assert.Throws<InvalidOperationException>(() => DraftOf(state).Become(Cause.FenceVerified, "test"));
        Assert.Contains("unmet: the fence is verified, the attestation is durable", error.Message, StringComparison.Ordinal);

        state = state with
        {
            Procedures = state.Procedures with { Fence = new FenceProgress { DecidedAt = Instant.FromSeconds(1000), Reason = "test", Verified = true } },
            Disk = state.Disk with { Confirmed = state.Durable with { Committed = true } },
        };
        var draft = DraftOf(state);
        draft.Become(Cause.FenceVerified, "test");
        Assert.Equal(HaStatus.Fenced, draft.State.Status);
        Assert.Null(draft.State.Procedures.Fence);
    }

    [Fact]
    public void Gate_DisablesOnlyForBoth()
    {
        var error = Assert.Throws<InvalidOperationException>(() => DraftOf(Bench.Paired().State).Become(Cause.DisabledForBoth, "test"));
        Assert.Contains("HA is disabled for both", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Document_SaysWhatTheTableSays()
    {
        var document = Repository.Folder("docs/states.md");
        var expected = Render();
        if (Environment.GetEnvironmentVariable("REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(document, expected);
        }

        Assert.True(File.Exists(document), "docs/states.md is missing; run the tests once with REWRITE_GOLDEN=1");
        Assert.Equal(expected, File.ReadAllText(document));
    }

    private static Draft DraftOf(HaState state)
    {
        var bench = Bench.Paired();
        return new Draft(bench.Config, state, bench.Now);
    }

    private static string Render()
    {
        var text = new StringBuilder();
        text.Append("# States of a host\n\nMade from the gate in `src/TwoNodeHa.Core/States/StateGate.cs` ");
        text.Append("(`REWRITE_GOLDEN=1 dotnet test tests/TwoNodeHa.Core.Tests`). A host changes its state by a cause; the gate ");
        text.Append("rejects all others, and looks at the facts in brackets a second time, whatever the rules decided.\n\n```mermaid\n");
        text.Append(MermaidGraph.Format(StateGate.Description).ReplaceLineEndings("\n").Trim());
        text.Append("\n```\n\n| from | cause | to | facts that must hold |\n|---|---|---|---|\n");
        foreach (var row in StateGate.Table)
        {
            text.Append("| ").Append(row.From == HaStatus.Unknown ? "(start)" : row.From.ToString()).Append(" | ").Append(row.Cause)
                .Append(" | ").Append(row.To).Append(" | ").AppendJoin("; ", row.Guards).Append(" |\n");
        }

        return text.ToString();
    }
}
