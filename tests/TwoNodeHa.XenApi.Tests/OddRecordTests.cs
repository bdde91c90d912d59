using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>One odd record costs itself at most. Odd is what XAPI, its tools or an administrator can bring about.</summary>
public sealed class OddRecordTests
{
    private const string Good =
        """
        {"uuid":"good","name_label":"good","power_state":"Running","resident_on":"OpaqueRef:h1","is_a_template":false,
         "is_a_snapshot":false,"is_control_domain":false,"memory_static_max":1,"memory_overhead":3,
         "ha_restart_priority":"restart","order":1,"start_delay":30,"other_config":{},"blocked_operations":{},"current_operations":{}}
        """;

    /// <summary>In a field that nobody uses, or in a form that has one meaning: nothing is lost at all.</summary>
    [Theory]
    [InlineData("\"load\":inf")]
    [InlineData("\"load\":-inf")]
    [InlineData("\"load\":nan")]
    [InlineData("\"load\":-nan")]
    [InlineData("\"load\":NaN")]
    [InlineData("\"load\":[Infinity,-Infinity,1.0]")]
    [InlineData("\"shutdown_delay\":9223372036854775808")]
    [InlineData("\"platform\":{\"a\":\"1\",\"a\":\"2\"}")]
    [InlineData("\"other_config\":{\"a\":\"1\",\"a\":\"2\"}")]
    [InlineData("\"other_config\":{\"a\":\"\\ud800\"}")]
    [InlineData("\"current_operations\":{\"t\":\"start\",\"t\":\"start\"}")]
    [InlineData("\"name_description\":\"\\udc00\"")]
    [InlineData("\"start_delay\":4294967296")]
    [InlineData("\"name_label\":\"tab\there\"")]
    [InlineData("\"name_label\":\"back\\slash\"")]
    [InlineData("\"VBDs\":17")]
    public async Task What_is_not_used_or_has_one_meaning_costs_nothing(string odd)
    {
        var vms = await ReadAsync(Good.Replace("{\"uuid\"", $"{{{odd},\"uuid\"", StringComparison.Ordinal));
        Assert.Equal(2, vms.Count);
        Assert.Empty(vms.Unreadable);
    }

    [Theory]
    [InlineData("\"order\":1", "\"order\":nan", "order")]
    [InlineData("\"order\":1", "\"order\":1.5", "order")]
    [InlineData("\"name_label\":\"good\"", "\"name_label\":\"\\ud800\"", "name_label")]
    [InlineData("\"current_operations\":{}", "\"current_operations\":{\"\\ud800\":\"start\"}", "current_operations")]
    [InlineData("\"power_state\":\"Running\",", "", "power_state")]
    [InlineData("\"start_delay\":30", "\"start_delay\":null", "start_delay")]
    public async Task What_is_used_costs_its_record_which_is_named(string good, string odd, string field)
    {
        var vms = await ReadAsync(Good.Replace(good, odd, StringComparison.Ordinal));
        Assert.Equal("good", Assert.Single(vms).Value.NameLabel);
        var lost = Assert.Single(vms.Unreadable);
        Assert.Equal(("OpaqueRef:odd", "good"), (lost.Ref.Value, lost.Uuid));
        Assert.Contains(field, lost.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reference_that_is_no_text_is_no_exception()
    {
        var vms = await ReadAsync(Good, "\\ud800");
        Assert.Single(vms);
        Assert.True(Assert.Single(vms.Unreadable).Ref.IsNull);
    }

    [Fact]
    public async Task Odd_changes_are_changes_all_the_same()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(
            """
            {"events":[{"class":"vm","operation":"mod","ref":"\ud800"},{"class":"vm","operation":"mod","ref":"OpaqueRef:v",
             "snapshot":{"x":inf}}],"valid_ref_counts":{"vm":1,"VM":1},"token":"t"}
            """));
        EventBatch batch = await dialogue.Session.NewEvent("vm").FromAsync(TimeSpan.FromSeconds(1), Dialogue.Deadline, Dialogue.Token);
        Assert.Equal(2, batch.Events.Length);
        Assert.Equal("", batch.Events[0].Class);
    }

    [Fact]
    public async Task A_refusal_with_an_odd_parameter_keeps_its_code()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Json(
            """{"jsonrpc":"2.0","error":{"code":1,"message":"VM_BAD_POWER_STATE","data":["\ud800"]},"id":1}"""));
        var failure = await Assert.ThrowsAsync<XenApiFailure>(() => dialogue.Session.VM.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        Assert.Equal("VM_BAD_POWER_STATE", failure.Code);
    }

    /// <summary>Random values of random fields, broken or not, never lose the neighbour.</summary>
    [Fact]
    public async Task Damage_to_one_record_never_loses_another()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            await DamageAsync(seed);
        }
    }

    private static async Task DamageAsync(int seed)
    {
        var random = new Random(seed);
        byte[] noise = new byte[random.Next(20)];
        random.NextBytes(noise);
        string[] values =
        [
            "null", "inf", "-nan", "Infinity", "\"\\ud800\"", "{\"\\udfff\":1}", "[[[]]]", "1e999", "99999999999999999999", "-1", "\"\\q\"",
            "\"" + Convert.ToHexString(noise) + "\"", "{\"a\":1,\"a\":2}", "true", "wombat", "\"\u0001\"", "-", "+1", "01",
        ];
        string[] fields =
        [
            "uuid", "name_label", "power_state", "resident_on", "is_a_template", "is_a_snapshot", "is_control_domain", "memory_static_max",
            "memory_overhead", "ha_restart_priority", "order", "start_delay", "other_config", "blocked_operations", "current_operations", "\\ud800",
        ];
        var odd = string.Join(',', Enumerable.Range(0, random.Next(1, 20)).Select(
            _ => $"\"{fields[random.Next(fields.Length)]}\":{values[random.Next(values.Length)]}"));
        foreach (string record in new[] { $"{Good[..^1]},{odd}}}", $"{{{odd}}}" })
        {
            var vms = await ReadAsync(record);
            Assert.Equal("good", vms[new XenRef<VM>("OpaqueRef:good")].Uuid);
            Assert.Equal(2, vms.Count + vms.Unreadable.Length);
        }
    }

    private static async Task<RecordTable<VM, VMRecord>> ReadAsync(string odd, string reference = "OpaqueRef:odd")
    {
        string body = $$"""{"{{reference}}":{{odd}},"OpaqueRef:good":{{Good}}}""";
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(body));
        return await dialogue.Session.VM.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token);
    }
}
