using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Tests.Support;

namespace TwoNodeHa.XenApi.Tests;

/// <summary>Records: what is needed is strict, what is not needed is ignored.</summary>
public sealed class RecordTests
{
    private static readonly XenRef<VM> AnyVM = new("OpaqueRef:v1");

    [Fact]
    public async Task VM_AllFields_AreRead()
    {
        VMRecord vm = await ReadAsync(_ => { });

        Assert.Equal("db1", vm.NameLabel);
        Assert.Equal(VMPowerState.Running, vm.PowerState);
        Assert.Equal("OpaqueRef:h1", vm.ResidentOn.Value);
        Assert.Equal(4_294_967_296, vm.MemoryStaticMax);
        Assert.Equal("restart", vm.HaRestartPriority);
        Assert.Equal(TimeSpan.FromSeconds(30), vm.StartDelay);
        Assert.Equal("1", vm.OtherConfig["ha"]);
        Assert.Equal("start", vm.CurrentOperations["OpaqueRef:t1"]);
        Assert.True(vm.IsOrdinary);
    }

    [Fact]
    public async Task VM_FieldsThisClientDoesNotKnow_AreIgnored() =>
        Assert.Equal("db1", (await ReadAsync(json => json["quantum_flux"] = new JsonArray(1, 2))).NameLabel);

    [Fact]
    public async Task VM_FieldOldReleasesLack_HasADefault() =>
        Assert.False((await ReadAsync(json => json.Remove("is_default_template"))).IsDefaultTemplate);

    [Fact]
    public async Task VM_StateThisClientDoesNotKnow_IsUnknown() =>
        Assert.Equal(VMPowerState.Unknown, (await ReadAsync(json => json["power_state"] = "Dreaming")).PowerState);

    [Fact]
    public async Task VM_IntegerAsDecimalString_IsRead() =>
        Assert.Equal(12, (await ReadAsync(json => json["memory_static_max"] = "12")).MemoryStaticMax);

    [Fact]
    public async Task VM_EachNeededFieldMissing_IsNamed()
    {
        foreach (string name in VMJson().Select(member => member.Key).Where(name => name != "is_default_template"))
        {
            var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(json => json.Remove(name)));
            Assert.Equal($"VM.get_record.{name}", error.Field);
        }
    }

    [Fact]
    public async Task VM_EachFieldOfWrongType_IsNamed()
    {
        foreach (string name in VMJson().Select(member => member.Key))
        {
            var error = await Assert.ThrowsAsync<XenApiProtocolException>(() => ReadAsync(json => json[name] = 1.5));
            Assert.Equal($"VM.get_record.{name}", error.Field);
        }
    }

    [Theory]
    [InlineData("order", "92233720368547758070")]
    [InlineData("order", "true")]
    [InlineData("is_a_template", "\"false\"")]
    [InlineData("other_config", "[]")]
    [InlineData("resident_on", "null")]
    public async Task VM_ValueNotSane_IsNamed(string name, string value)
    {
        var error = await Assert.ThrowsAsync<XenApiProtocolException>(
            () => ReadAsync(json => json[name] = JsonNode.Parse(value)));

        Assert.Equal($"VM.get_record.{name}", error.Field);
    }

    [Theory]
    [InlineData("-1", 0)]
    [InlineData("0", 0)]
    [InlineData("2147483648", 2147483647)]
    [InlineData("9223372036854775807", 2147483647)]
    public async Task VM_DelayThatXapiAccepts_IsClamped(string value, long seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds), (await ReadAsync(json => json["start_delay"] = JsonNode.Parse(value))).StartDelay);

    [Fact]
    public async Task Records_OfEachClass_AreRead()
    {
        await using Dialogue dialogue = await Dialogue.OpenAsync(request => Reply.Result(RecordsOf(request.Method)));
        Session session = dialogue.Session;

        HostRecord host = Single(await session.Host.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        HostMetricsRecord metrics = Single(
            await session.HostMetrics.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        PoolRecord pool = Single(await session.Pool.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        VBDRecord vbd = Single(await session.VBD.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        VDIRecord vdi = Single(await session.VDI.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        SRRecord sr = Single(await session.SR.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));
        PBDRecord pbd = Single(await session.PBD.GetAllRecordsAsync(Dialogue.Deadline, Dialogue.Token));

        Assert.Equal(("u", true), (host.Uuid, host.Enabled));
        Assert.Equal((true, 100L), (metrics.Live, metrics.MemoryTotal));
        Assert.Equal("OpaqueRef:h", pool.Master.Value);
        Assert.Equal((VbdType.CD, VbdMode.RO, true), (vbd.Type, vbd.Mode, vbd.VDI.IsNull));
        Assert.Equal(("OpaqueRef:s", 5L), (vdi.SR.Value, vdi.VirtualSize));
        Assert.Equal(("u", true), (sr.Uuid, sr.Shared));
        Assert.Equal(("OpaqueRef:h", true), (pbd.Host.Value, pbd.CurrentlyAttached));
    }

    [Fact]
    public void Ref_EmptyAndNullText_AreTheNullReference()
    {
        Assert.True(new XenRef<VM>("").IsNull);
        Assert.Equal(XenRef<VM>.Null, new XenRef<VM>("OpaqueRef:NULL"));
        Assert.Equal("OpaqueRef:NULL", default(XenRef<VM>).Value);
        Assert.False(AnyVM.IsNull);
    }

    private static T Single<TKey, T>(IReadOnlyDictionary<TKey, T> records) => Assert.Single(records).Value;

    private static async Task<VMRecord> ReadAsync(Action<JsonObject> change)
    {
        JsonObject json = VMJson();
        change(json);
        await using Dialogue dialogue = await Dialogue.OpenAsync(_ => Reply.Result(json.ToJsonString()));
        return await dialogue.Session.VM.GetRecordAsync(AnyVM, Dialogue.Deadline, Dialogue.Token);
    }

    private static JsonObject VMJson() => JsonNode.Parse(
        """
        {"uuid":"u1","name_label":"db1","power_state":"Running","resident_on":"OpaqueRef:h1","is_a_template":false,
         "is_a_snapshot":false,"is_default_template":false,"is_control_domain":false,"memory_static_max":4294967296,
         "memory_overhead":3,"ha_restart_priority":"restart","order":1,"start_delay":30,"other_config":{"ha":"1"},
         "blocked_operations":{},"current_operations":{"OpaqueRef:t1":"start"}}
        """)!.AsObject();

    private static string RecordsOf(string method) => method switch
    {
        "host.get_all_records" => """
            {"OpaqueRef:h":{"uuid":"u","name_label":"a","address":"10.0.0.1","hostname":"a","enabled":true,
             "metrics":"OpaqueRef:m","memory_overhead":99,"resident_VMs":["OpaqueRef:v"],"other_config":{}}}
            """,
        "host_metrics.get_all_records" => """{"OpaqueRef:m":{"uuid":"u","live":true,"memory_total":100}}""",
        "pool.get_all_records" => """
            {"OpaqueRef:p":{"uuid":"u","name_label":"","master":"OpaqueRef:h","ha_enabled":false,"other_config":{}}}
            """,
        "VBD.get_all_records" => """
            {"OpaqueRef:b":{"uuid":"u","VM":"OpaqueRef:v","VDI":"OpaqueRef:NULL","type":"CD","mode":"RO","empty":true,
             "currently_attached":false}}
            """,
        "VDI.get_all_records" => """
            {"OpaqueRef:d":{"uuid":"u","name_label":"d","SR":"OpaqueRef:s","virtual_size":5}}
            """,
        "SR.get_all_records" => """
            {"OpaqueRef:s":{"uuid":"u","name_label":"s","type":"nfs","shared":true,"PBDs":["OpaqueRef:q"]}}
            """,
        _ => """{"OpaqueRef:q":{"uuid":"u","host":"OpaqueRef:h","SR":"OpaqueRef:s","currently_attached":true}}""",
    };
}
